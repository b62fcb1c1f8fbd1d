// Softmax of a branch's scores over two parts at once, its trunk and itself, and the gradient; both in place.
//
// A row is one query head of one token. `a` [groups, rows, depth] are scores on the trunk, of which the first
// reach[group / kv] count; `b` [groups, rows, length] are scores on the own tokens, of which those up to the query's
// own place count, which is (row / shared) % length. Without a trunk depth is 0. What doesn't count becomes 0.
#include "tiles.h"
#include <algorithm>
#include <limits>
#include <vector>

// Scores of one row: the first `count` of `room`.
template <class T> struct Row {
    T* at;
    int64_t count, room;
};

// A generic row: one number after the other, as far as the compiler doesn't find a better way.
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

#ifdef TILES
// The same for bf16, 16 numbers at a time with the last ones masked.
template <> float most_of(const Row<bf16>& row, float most) {
    __m512 top = _mm512_set1_ps(most);
    for (int64_t j = 0; j < row.count; j += 16) {
        const __mmask16 mask = here(row.count - j);
        top = _mm512_mask_max_ps(top, mask, top, load(row.at + j, mask));
    }
    return _mm512_reduce_max_ps(top);
}

template <> float weigh(const Row<bf16>& row, float most, float scale, float* weights) {
    __m512 total = _mm512_setzero_ps();
    for (int64_t j = 0; j < row.count; j += 16) {
        const __mmask16 mask = here(row.count - j);
        const __m512 below = _mm512_sub_ps(load(row.at + j, mask), _mm512_set1_ps(most));
        const __m512 weight = exponential(_mm512_mul_ps(below, _mm512_set1_ps(scale)));
        _mm512_mask_storeu_ps(weights + j, mask, weight);
        total = _mm512_mask_add_ps(total, mask, total, weight);
    }
    return _mm512_reduce_add_ps(total);
}

template <> void finish(const Row<bf16>& row, const float* weights, float factor) {
    for (int64_t j = 0; j < row.room; j += 16) {
        const __m512 weight = _mm512_maskz_loadu_ps(here(std::max<int64_t>(row.count - j, 0)), weights + j);
        save(row.at + j, here(row.room - j), _mm512_mul_ps(weight, _mm512_set1_ps(factor)));
    }
}

template <> float along_of(const bf16* weights, const bf16* slopes, int64_t count) {
    __m512 sum = _mm512_setzero_ps();
    for (int64_t j = 0; j < count; j += 16) {
        const __mmask16 mask = here(count - j);
        sum = _mm512_fmadd_ps(load(weights + j, mask), load(slopes + j, mask), sum);
    }
    return _mm512_reduce_add_ps(sum);
}

template <> void slant(const bf16* weights, bf16* slopes, int64_t count, float mean, float scale) {
    for (int64_t j = 0; j < count; j += 16) {
        const __mmask16 mask = here(count - j);
        const __m512 off = _mm512_sub_ps(load(slopes + j, mask), _mm512_set1_ps(mean));
        save(slopes + j, mask, _mm512_mul_ps(_mm512_mul_ps(load(weights + j, mask), off), _mm512_set1_ps(scale)));
    }
}
#endif

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
