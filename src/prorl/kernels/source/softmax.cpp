// Softmax of a branch's scores over two parts at once, its trunk and itself, and the gradient; both in place.
//
// A row is one query head of one token. `a` [groups, rows, depth] are scores on the trunk, of which the first
// reach[group / kv] count; `b` [groups, rows, length] are scores on the own tokens, of which those up to the query's
// own place count, which is (row / shared) % length. Without a trunk depth is 0. What doesn't count becomes 0.
#include "numbers.h"
#include <algorithm>
#include <limits>
#include <vector>

// Scores of one row: the first `count` of `room`.
template <class T> struct Row {
    T* at;
    int64_t count, room;
};

template <class T> static float most_of(const Row<T>& row, float most) {
#pragma omp simd reduction(max : most)
    for (int64_t j = 0; j < row.count; ++j) most = std::max(most, wide(row.at[j]));
    return most;
}

template <class T> static float weigh(const Row<T>& row, float most, float scale, float* weights) {
    float total = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t j = 0; j < row.count; ++j) {
        weights[j] = exponential((wide(row.at[j]) - most) * scale);
        total += weights[j];
    }
    return total;
}

template <class T> static void finish(const Row<T>& row, const float* weights, float factor) {
#pragma omp simd
    for (int64_t j = 0; j < row.count; ++j) row.at[j] = narrow<T>(weights[j] * factor);
    std::fill(row.at + row.count, row.at + row.room, narrow<T>(0.0f));
}

// The gradient: sum of weight * slope, and slope = weight * (slope - mean) * scale.
template <class T> static float along_of(const T* weights, const T* slopes, int64_t count) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < count; ++j) sum += wide(weights[j]) * wide(slopes[j]);
    return sum;
}

template <class T> static void slant(const T* weights, T* slopes, int64_t count, float mean, float scale) {
#pragma omp simd
    for (int64_t j = 0; j < count; ++j) slopes[j] = narrow<T>(wide(weights[j]) * (wide(slopes[j]) - mean) * scale);
}

template <class T>
static void tree_softmax_of(T* a, T* b, const int64_t* reach, int64_t groups, int64_t rows, int64_t depth,
                            int64_t length, int64_t shared, int64_t kv, float scale) {
#pragma omp parallel
    {
        std::vector<float> held(depth + length);
#pragma omp for schedule(static)
        for (int64_t at = 0; at < groups * rows; ++at) {
            const Row<T> trunk{a + at * depth, depth ? reach[at / rows / kv] : 0, depth};
            const Row<T> own{b + at * length, (at % rows) / shared % length + 1, length};
            const float most = most_of(own, most_of(trunk, -std::numeric_limits<float>::infinity()));
            float *on_trunk = held.data(), *on_own = on_trunk + trunk.count;
            const float total = weigh(trunk, most, scale, on_trunk) + weigh(own, most, scale, on_own);
            finish(trunk, on_trunk, 1.0f / total);
            finish(own, on_own, 1.0f / total);
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
        const float mean = along_of(trunk, along, depth) + along_of(own, inside, length);
        slant(trunk, along, depth, mean, scale);
        slant(own, inside, length, mean, scale);
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
