// Linear layers of decoding: every row is multiplied by weights that were packed once, and what comes before and after
// (norm, gate, residual) is done on the way. Rows are padded to whole blocks; what stands in the padding is never used.
#include "tiles.h"
#ifdef TILES
#include <cmath>

static constexpr int64_t STEPS = 24;  // summed at a time, so that a block's two weight tiles stay in the first cache

extern "C" void pack_linear_bf16(const bf16* weight, bf16* packed, int64_t outputs, int64_t inputs) {
    const int64_t steps = inputs / SIDE;
#pragma omp parallel for schedule(static)
    for (int64_t tile = 0; tile < outputs / 16; ++tile)
        for (int64_t s = 0; s < steps; ++s)
            pack_across(weight + tile * 16 * inputs + s * SIDE, inputs, 16, packed + (tile * steps + s) * TILE);
}

// sums [rows, 32] = x [rows, inputs] times 32 outputs' packed weights.
static void multiply(const bf16* x, const bf16* packed, int64_t rows, int64_t inputs, float* sums) {
    const int64_t steps = inputs / SIDE;
    for (int64_t s = 0; s < steps; s += STEPS) {
        const bf16* from = packed + s * TILE;
        const Pair right{from, from + steps * TILE, 64, TILE};
        for (int64_t row = 0; row < rows; row += SIDE)
            product(rows_of(x + row * inputs + s * SIDE, inputs), right, std::min(STEPS, steps - s), sums + row * SIDE,
                    SIDE, s > 0);
    }
}

// To be called by all threads.
static void normalize(const bf16* x, const bf16* weight, bf16* y, int64_t rows, int64_t width, float epsilon) {
#pragma omp for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const bf16* from = x + row * width;
        bf16* to = y + row * width;
        __m512 sum = _mm512_setzero_ps();
        for (int64_t i = 0; i < width; i += 16) {
            const __m512 some = load_wide(from + i);
            sum = _mm512_fmadd_ps(some, some, sum);
        }
        const __m512 scale = _mm512_set1_ps(1.0f / std::sqrt(_mm512_reduce_add_ps(sum) / width + epsilon));
        for (int64_t i = 0; i < width; i += 16)
            store_narrow(to + i, _mm512_mul_ps(rounded(_mm512_mul_ps(load_wide(from + i), scale)), load_wide(weight + i)));
    }
}

static inline __m512 biased(const float* sums, const bf16* bias) {
    return bias ? _mm512_add_ps(_mm512_load_ps(sums), load_wide(bias)) : _mm512_load_ps(sums);
}

// Calls `each` with the place in the sums and the output, for every row's 16 and 16 of the 32 outputs from `first` on.
template <class Each> static inline void for_outputs(int64_t rows, int64_t outputs, int64_t first, Each each) {
    for (int64_t row = 0; row < rows; ++row)
        for (int64_t half = 0; half < SIDE; half += 16) each(row * SIDE + half, row * outputs + first + half);
}

// out [rows, outputs] = norm(x) W' + bias
extern "C" void norm_linear_bf16(const bf16* x, const bf16* norm, const bf16* packed, const bf16* bias, bf16* out,
                                 int64_t rows, int64_t inputs, int64_t outputs, float epsilon) {
    const Packed<bf16> normed(rows * inputs);
#pragma omp parallel
    {
        const Tiles tiles;
        const Packed<float> sums(rows * SIDE);
        normalize(x, norm, normed.get(), rows, inputs, epsilon);
#pragma omp for schedule(static)
        for (int64_t o = 0; o < outputs; o += SIDE) {
            multiply(normed.get(), packed + o * inputs, rows, inputs, sums.get());
            for_outputs(rows, outputs, o, [&](int64_t from, int64_t to) {
                store_narrow(out + to, biased(sums.get() + from, bias ? bias + to % outputs : nullptr));
            });
        }
    }
}

// residual [rows, outputs] += x W' + bias
extern "C" void add_linear_bf16(const bf16* x, const bf16* packed, const bf16* bias, bf16* residual, int64_t rows,
                                int64_t inputs, int64_t outputs) {
#pragma omp parallel
    {
        const Tiles tiles;
        const Packed<float> sums(rows * SIDE);
#pragma omp for schedule(static)
        for (int64_t o = 0; o < outputs; o += SIDE) {
            multiply(x, packed + o * inputs, rows, inputs, sums.get());
            for_outputs(rows, outputs, o, [&](int64_t from, int64_t to) {
                const __m512 sum = biased(sums.get() + from, bias ? bias + to % outputs : nullptr);
                store_narrow(residual + to, _mm512_add_ps(load_wide(residual + to), rounded(sum)));
            });
        }
    }
}

// out [rows, outputs] = silu(norm(x) G') * (norm(x) U')
extern "C" void norm_gate_bf16(const bf16* x, const bf16* norm, const bf16* gate, const bf16* up, bf16* out, int64_t rows,
                               int64_t inputs, int64_t outputs, float epsilon) {
    const Packed<bf16> normed(rows * inputs);
#pragma omp parallel
    {
        const Tiles tiles;
        const Packed<float> open(rows * SIDE), through(rows * SIDE);
        normalize(x, norm, normed.get(), rows, inputs, epsilon);
#pragma omp for schedule(static)
        for (int64_t o = 0; o < outputs; o += SIDE) {
            multiply(normed.get(), gate + o * inputs, rows, inputs, open.get());
            multiply(normed.get(), up + o * inputs, rows, inputs, through.get());
            for_outputs(rows, outputs, o, [&](int64_t from, int64_t to) {
                const __m512 value = rounded(_mm512_load_ps(open.get() + from)), one = _mm512_set1_ps(1.0f);
                const __m512 below = _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), value)));
                const __m512 lets = rounded(_mm512_div_ps(value, below));
                store_narrow(out + to, _mm512_mul_ps(lets, rounded(_mm512_load_ps(through.get() + from))));
            });
        }
    }
}
#endif
