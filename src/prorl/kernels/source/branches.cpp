// Decoding: one new token of every open branch attends to its trunk and to the branch's own tokens.
//
// The scores on the trunks are a batched matrix product made elsewhere. This kernel adds the branch's own scores, takes
// one softmax over both, leaves the trunk's weights where its scores were, and sums up the branch's own values.
#include "numbers.h"
#include <algorithm>
#include <limits>
#include <vector>

// query [rows, heads, d]; keys, values [slots, kv, capacity, d]; slots, lengths (own tokens, the newest included) and
// depths (tokens of the trunk) [rows]; scores and own_out are a grid [trees, kv, n * shared, depth or d], where slot
// `tree * n + branch` has the rows `branch * shared` and on. Scores come unscaled.
template <class T>
static void attend_branches_of(const T* query, const T* keys, const T* values, const int64_t* slots,
                               const int64_t* lengths, const int64_t* depths, T* scores, T* own_out, int64_t rows,
                               int64_t heads, int64_t kv, int64_t d, int64_t capacity, int64_t n, int64_t depth,
                               float scale) {
    const int64_t shared = heads / kv;
#pragma omp parallel
    {
        std::vector<float> own(capacity * shared), q(shared * d), sum(shared * d);
#pragma omp for schedule(static) collapse(2)
        for (int64_t row = 0; row < rows; ++row) {
            for (int64_t group = 0; group < kv; ++group) {
                const int64_t slot = slots[row], length = lengths[row], reach = depths[row];
                const int64_t place = ((slot / n) * kv + group) * n * shared + (slot % n) * shared;
                const T* key = keys + (slot * kv + group) * capacity * d;
                const T* value = values + (slot * kv + group) * capacity * d;
                const T* from = query + (row * heads + group * shared) * d;
                for (int64_t i = 0; i < shared * d; ++i) q[i] = wide(from[i]) * scale;
                for (int64_t j = 0; j < length; ++j) {
                    for (int64_t h = 0; h < shared; ++h) {
                        const float* mine = q.data() + h * d;
                        float dot = 0;
#pragma omp simd reduction(+ : dot)
                        for (int64_t i = 0; i < d; ++i) dot += mine[i] * wide(key[j * d + i]);
                        own[h * capacity + j] = dot;
                    }
                }
                for (int64_t h = 0; h < shared; ++h) {
                    T* trunk = scores + (place + h) * depth;
                    float* mine = own.data() + h * capacity;
                    float most = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : most)
                    for (int64_t j = 0; j < length; ++j) most = std::max(most, mine[j]);
#pragma omp simd reduction(max : most)
                    for (int64_t j = 0; j < reach; ++j) most = std::max(most, wide(trunk[j]) * scale);
                    float total = 0;
#pragma omp simd reduction(+ : total)
                    for (int64_t j = 0; j < length; ++j) {
                        mine[j] = exponential(mine[j] - most);
                        total += mine[j];
                    }
#pragma omp simd reduction(+ : total)
                    for (int64_t j = 0; j < reach; ++j) total += exponential(wide(trunk[j]) * scale - most);
                    const float inverse = 1.0f / total;
#pragma omp simd
                    for (int64_t j = 0; j < reach; ++j)
                        trunk[j] = narrow<T>(exponential(wide(trunk[j]) * scale - most) * inverse);
                    for (int64_t j = reach; j < depth; ++j) trunk[j] = narrow<T>(0.0f);
#pragma omp simd
                    for (int64_t j = 0; j < length; ++j) mine[j] *= inverse;
                }
                std::fill(sum.begin(), sum.end(), 0.0f);
                for (int64_t j = 0; j < length; ++j) {
                    for (int64_t h = 0; h < shared; ++h) {
                        const float weight = own[h * capacity + j];
                        float* to = sum.data() + h * d;
#pragma omp simd
                        for (int64_t i = 0; i < d; ++i) to[i] += weight * wide(value[j * d + i]);
                    }
                }
                T* to = own_out + place * d;
                for (int64_t i = 0; i < shared * d; ++i) to[i] = narrow<T>(sum[i]);
            }
        }
    }
}

// Before: each row's key and value go to its branch's end, and its query to its place in the grid.
template <class T>
static void place_branches_of(const T* query, const T* key, const T* value, T* keys, T* values, T* grid,
                              const int64_t* slots, const int64_t* lengths, int64_t rows, int64_t heads, int64_t kv,
                              int64_t d, int64_t capacity, int64_t n) {
    const int64_t shared = heads / kv;
#pragma omp parallel for schedule(static) collapse(2)
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t group = 0; group < kv; ++group) {
            const int64_t slot = slots[row];
            const int64_t end = ((slot * kv + group) * capacity + lengths[row] - 1) * d;
            const int64_t place = ((slot / n) * kv + group) * n * shared + (slot % n) * shared;
            std::copy_n(key + (row * kv + group) * d, d, keys + end);
            std::copy_n(value + (row * kv + group) * d, d, values + end);
            std::copy_n(query + (row * heads + group * shared) * d, shared * d, grid + place * d);
        }
    }
}

// After: the rows' output, from the grid.
template <class T>
static void gather_branches_of(const T* grid, T* out, const int64_t* slots, int64_t rows, int64_t heads, int64_t kv,
                               int64_t d, int64_t n) {
    const int64_t shared = heads / kv;
#pragma omp parallel for schedule(static) collapse(2)
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t group = 0; group < kv; ++group) {
            const int64_t slot = slots[row];
            const int64_t place = ((slot / n) * kv + group) * n * shared + (slot % n) * shared;
            std::copy_n(grid + place * d, shared * d, out + (row * heads + group * shared) * d);
        }
    }
}

#define BRANCHES(T)                                                                                             \
    (const T* query, const T* keys, const T* values, const int64_t* slots, const int64_t* lengths,              \
     const int64_t* depths, T* scores, T* own_out, int64_t rows, int64_t heads, int64_t kv, int64_t d,          \
     int64_t capacity, int64_t n, int64_t depth, float scale)
FOR_BOTH_TYPES(attend_branches, BRANCHES,
               (query, keys, values, slots, lengths, depths, scores, own_out, rows, heads, kv, d, capacity, n, depth,
                scale))

#define PLACE(T)                                                                                             \
    (const T* query, const T* key, const T* value, T* keys, T* values, T* grid, const int64_t* slots,        \
     const int64_t* lengths, int64_t rows, int64_t heads, int64_t kv, int64_t d, int64_t capacity, int64_t n)
FOR_BOTH_TYPES(place_branches, PLACE,
               (query, key, value, keys, values, grid, slots, lengths, rows, heads, kv, d, capacity, n))

#define GATHER(T)                                                                                            \
    (const T* grid, T* out, const int64_t* slots, int64_t rows, int64_t heads, int64_t kv, int64_t d, int64_t n)
FOR_BOTH_TYPES(gather_branches, GATHER, (grid, out, slots, rows, heads, kv, d, n))
