// Root-mean-square normalisation of rows: y = (offset + w) x / sqrt(mean(x^2) + epsilon), and its gradient.
#include "numbers.h"
#include <omp.h>

// inverse [rows]: 1 / sqrt(...), kept for the gradient. With round_first, x / sqrt(...) is rounded before it is scaled.
template <class T>
static void rms_norm_of(const T* x, const T* w, T* y, float* inverse, int64_t rows, int64_t width, float epsilon,
                        float offset, int32_t round_first) {
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const T* from = x + row * width;
        T* to = y + row * width;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < width; ++i) sum += wide(from[i]) * wide(from[i]);
        const float scale = 1.0f / std::sqrt(sum / width + epsilon);
        inverse[row] = scale;
        if (round_first) {
#pragma omp simd
            for (int64_t i = 0; i < width; ++i)
                to[i] = narrow<T>(rounded<T>(wide(from[i]) * scale) * (wide(w[i]) + offset));
        } else {
#pragma omp simd
            for (int64_t i = 0; i < width; ++i) to[i] = narrow<T>(wide(from[i]) * scale * (wide(w[i]) + offset));
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
            const float scale = inverse[row];
            float along = 0;
#pragma omp simd reduction(+ : along)
            for (int64_t i = 0; i < width; ++i) along += wide(slope[i]) * (wide(w[i]) + offset) * wide(from[i]);
            const float pull = along * scale * scale / width;
#pragma omp simd
            for (int64_t i = 0; i < width; ++i) {
                const float value = wide(from[i]), g = wide(slope[i]);
                own[i] += g * value * scale;
                to[i] = narrow<T>(scale * (g * (wide(w[i]) + offset) - value * pull));
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
