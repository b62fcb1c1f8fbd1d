// The gate of a feed-forward layer: y = silu(gate) * up, and its gradient. Rows of gate and up may lie apart.
#include "lanes.h"

template <class T>
static void silu_mul_of(const T* gate, const T* up, T* y, int64_t rows, int64_t width, int64_t stride) {
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const T* g = gate + row * stride;
        const T* u = up + row * stride;
        T* to = y + row * width;
        ALONG
        for (int64_t i = 0; i < width; i += LANES) {
            const Mask mask = here(width - i);
            const Lanes value = load(g + i, mask);
            save(to + i, mask, stored<T>(value / (all(1.0f) + exponential(-value))) * load(u + i, mask));
        }
    }
}

template <class T>
static void silu_mul_backward_of(const T* gate, const T* up, const T* grad_y, T* grad_gate, T* grad_up, int64_t rows,
                                 int64_t width, int64_t stride) {
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const T* g = gate + row * stride;
        const T* u = up + row * stride;
        const int64_t at = row * width;
        ALONG
        for (int64_t i = 0; i < width; i += LANES) {
            const Mask mask = here(width - i);
            const Lanes one = all(1.0f), value = load(g + i, mask), slope = load(grad_y + at + i, mask);
            const Lanes open = one / (one + exponential(-value));
            save(grad_up + at + i, mask, slope * value * open);
            save(grad_gate + at + i, mask, slope * load(u + i, mask) * open * (one + value * (one - open)));
        }
    }
}

#define GATE(T) (const T* gate, const T* up, T* y, int64_t rows, int64_t width, int64_t stride)
FOR_BOTH_TYPES(silu_mul, GATE, (gate, up, y, rows, width, stride))

#define GATE_BACKWARD(T)                                                                                   \
    (const T* gate, const T* up, const T* grad_y, T* grad_gate, T* grad_up, int64_t rows, int64_t width, \
     int64_t stride)
FOR_BOTH_TYPES(silu_mul_backward, GATE_BACKWARD, (gate, up, grad_y, grad_gate, grad_up, rows, width, stride))
