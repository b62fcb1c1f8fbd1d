// Softmax of a branch's scores over two parts at once, its trunk and itself, and the gradient; both in place.
//
// A row is one query head of one token. `a` [groups, rows, depth] are scores on the trunk, of which the first
// reach[group / kv] count; `b` [groups, rows, length] are scores on the own tokens, of which those up to the query's
// own place count, which is (row / shared) % length. Without a trunk depth is 0. What doesn't count becomes 0.
#include "numbers.h"
#include <algorithm>
#include <limits>
#include <vector>

template <class T>
static void tree_softmax_of(T* a, T* b, const int64_t* reach, int64_t groups, int64_t rows, int64_t depth,
                            int64_t length, int64_t shared, int64_t kv, float scale) {
#pragma omp parallel
    {
        std::vector<float> held(depth + length);
#pragma omp for schedule(static)
        for (int64_t at = 0; at < groups * rows; ++at) {
            T* trunk = a + at * depth;
            T* own = b + at * length;
            const int64_t far = depth ? reach[at / rows / kv] : 0;
            const int64_t upto = (at % rows) / shared % length + 1;
            float most = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : most)
            for (int64_t j = 0; j < far; ++j) most = std::max(most, wide(trunk[j]));
#pragma omp simd reduction(max : most)
            for (int64_t j = 0; j < upto; ++j) most = std::max(most, wide(own[j]));
            float total = 0;
            float* weights = held.data();  // of the trunk, then of the own tokens
#pragma omp simd reduction(+ : total)
            for (int64_t j = 0; j < far; ++j) {
                weights[j] = exponential((wide(trunk[j]) - most) * scale);
                total += weights[j];
            }
#pragma omp simd reduction(+ : total)
            for (int64_t j = 0; j < upto; ++j) {
                weights[far + j] = exponential((wide(own[j]) - most) * scale);
                total += weights[far + j];
            }
            const float inverse = 1.0f / total;
#pragma omp simd
            for (int64_t j = 0; j < far; ++j) trunk[j] = narrow<T>(weights[j] * inverse);
#pragma omp simd
            for (int64_t j = 0; j < upto; ++j) own[j] = narrow<T>(weights[far + j] * inverse);
            std::fill(trunk + far, trunk + depth, narrow<T>(0.0f));
            std::fill(own + upto, own + length, narrow<T>(0.0f));
        }
    }
}

// grad_a and grad_b hold the slopes along the weights and become those along the scores.
template <class T>
static void tree_softmax_backward_of(const T* a, const T* b, T* grad_a, T* grad_b, int64_t groups, int64_t rows,
                                     int64_t depth, int64_t length, float scale) {
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < groups * rows; ++at) {
        const T* trunk = a + at * depth;
        const T* own = b + at * length;
        T* along = grad_a + at * depth;
        T* inside = grad_b + at * length;
        float mean = 0;
#pragma omp simd reduction(+ : mean)
        for (int64_t j = 0; j < depth; ++j) mean += wide(trunk[j]) * wide(along[j]);
#pragma omp simd reduction(+ : mean)
        for (int64_t j = 0; j < length; ++j) mean += wide(own[j]) * wide(inside[j]);
#pragma omp simd
        for (int64_t j = 0; j < depth; ++j) along[j] = narrow<T>(wide(trunk[j]) * (wide(along[j]) - mean) * scale);
#pragma omp simd
        for (int64_t j = 0; j < length; ++j) inside[j] = narrow<T>(wide(own[j]) * (wide(inside[j]) - mean) * scale);
    }
}

#define SOFTMAX(T)                                                                                            \
    (T* a, T* b, const int64_t* reach, int64_t groups, int64_t rows, int64_t depth, int64_t length,           \
     int64_t shared, int64_t kv, float scale)
FOR_BOTH_TYPES(tree_softmax, SOFTMAX, (a, b, reach, groups, rows, depth, length, shared, kv, scale))

#define SOFTMAX_BACKWARD(T)                                                                                       \
    (const T* a, const T* b, T* grad_a, T* grad_b, int64_t groups, int64_t rows, int64_t depth, int64_t length,   \
     float scale)
FOR_BOTH_TYPES(tree_softmax_backward, SOFTMAX_BACKWARD, (a, b, grad_a, grad_b, groups, rows, depth, length, scale))
