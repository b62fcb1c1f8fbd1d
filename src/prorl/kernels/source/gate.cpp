// The gate of a feed-forward layer: y = silu(gate) * up, and its gradient. Rows of gate and up may lie apart.
#include "numbers.h"

template <class T>
static void silu_mul_of(const T* gate, const T* up, T* y, int64_t rows, int64_t width, int64_t stride) {
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const T* g = gate + row * stride;
        const T* u = up + row * stride;
        T* to = y + row * width;
#pragma omp simd
        for (int64_t i = 0; i < width; ++i) {
            const float value = wide(g[i]);
            to[i] = narrow<T>(rounded<T>(value / (1.0f + exponential(-value))) * wide(u[i]));
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
#pragma omp simd
        for (int64_t i = 0; i < width; ++i) {
            const float value = wide(g[i]), slope = wide(grad_y[at + i]);
            const float open = 1.0f / (1.0f + exponential(-value));
            grad_up[at + i] = narrow<T>(slope * value * open);
            grad_gate[at + i] = narrow<T>(slope * wide(u[i]) * open * (1.0f + value * (1.0f - open)));
        }
    }
}

#define GATE(T) (const T* gate, const T* up, T* y, int64_t rows, int64_t width, int64_t stride)
FOR_BOTH_TYPES(silu_mul, GATE, (gate, up, y, rows, width, stride))

#define GATE_BACKWARD(T)                                                                                   \
    (const T* gate, const T* up, const T* grad_y, T* grad_gate, T* grad_up, int64_t rows, int64_t width, \
     int64_t stride)
FOR_BOTH_TYPES(silu_mul_backward, GATE_BACKWARD, (gate, up, grad_y, grad_gate, grad_up, rows, width, stride))
