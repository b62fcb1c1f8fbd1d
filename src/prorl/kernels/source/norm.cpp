// Root-mean-square normalisation of rows: y = (offset + w) x / sqrt(mean(x^2) + epsilon), and its gradient.
#include "lanes.h"
#include <omp.h>

// inverse [rows]: 1 / sqrt(...), kept for the gradient. With round_first, x / sqrt(...) is rounded before it is scaled.
template <class T>
static void rms_norm_of(const T* x, const T* w, T* y, float* inverse, int64_t rows, int64_t width, float epsilon,
                        float offset, int32_t round_first) {
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const T* from = x + row * width;
        T* to = y + row * width;
        Lanes squares = all(0.0f);
        ALONG_SUM(squares)
        for (int64_t i = 0; i < width; i += LANES) {
            const Lanes value = load(from + i, here(width - i));
            squares += value * value;
        }
        inverse[row] = 1.0f / std::sqrt(sum_of(squares) / width + epsilon);
        const Lanes scale = all(inverse[row]);
        ALONG
        for (int64_t i = 0; i < width; i += LANES) {
            const Mask mask = here(width - i);
            const Lanes normal = load(from + i, mask) * scale;
            save(to + i, mask, (round_first ? stored<T>(normal) : normal) * (load(w + i, mask) + all(offset)));
        }
    }
}

// grad_w [threads, width], zeros at first: every thread adds up its own rows; the caller adds up the threads.
template <class T>
static void rms_norm_backward_of(const T* x, const T* w, const float* inverse, const T* grad_y, T* grad_x,
                                 float* grad_w, int64_t rows, int64_t width, float offset) {
#pragma omp parallel
    {
        float* own = grad_w + omp_get_thread_num() * width;
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; ++row) {
            const T* from = x + row * width;
            const T* slope = grad_y + row * width;
            T* to = grad_x + row * width;
            Lanes along = all(0.0f);
            ALONG_SUM(along)
            for (int64_t i = 0; i < width; i += LANES) {
                const Mask mask = here(width - i);
                along += load(slope + i, mask) * (load(w + i, mask) + all(offset)) * load(from + i, mask);
            }
            const Lanes scale = all(inverse[row]), pull = all(sum_of(along) * inverse[row] * inverse[row] / width);
            ALONG
            for (int64_t i = 0; i < width; i += LANES) {
                const Mask mask = here(width - i);
                const Lanes value = load(from + i, mask), g = load(slope + i, mask);
                save(own + i, mask, load(own + i, mask) + g * value * scale);
                save(to + i, mask, scale * (g * (load(w + i, mask) + all(offset)) - value * pull));
            }
        }
    }
}

#define NORM(T)                                                                                                 \
    (const T* x, const T* w, T* y, float* inverse, int64_t rows, int64_t width, float epsilon, float offset,    \
     int32_t round_first)
FOR_BOTH_TYPES(rms_norm, NORM, (x, w, y, inverse, rows, width, epsilon, offset, round_first))

#define NORM_BACKWARD(T)                                                                                        \
    (const T* x, const T* w, const float* inverse, const T* grad_y, T* grad_x, float* grad_w, int64_t rows,     \
     int64_t width, float offset)
FOR_BOTH_TYPES(rms_norm_backward, NORM_BACKWARD, (x, w, inverse, grad_y, grad_x, grad_w, rows, width, offset))
