// The gradient of the output head with its distribution: logits are made again, 32 x 32 at a time, and become slopes.
#include "tiles.h"
#ifdef TILES

static constexpr int64_t CHUNK = 512;  // tokens of the vocabulary whose slopes are held at once

// What is known of every row, padded to whole blocks. A row that isn't there has slopes of 0.
struct Rows {
    const int64_t* targets;
    const float *normalizers, *entropies, *along_logprob, *along_entropy;
    int64_t count;
};

// Logits [32 tokens, 32 rows] become the loss's slopes along them. Tokens past the vocabulary's end have some too; they
// meet weights of 0.
static void bend(float* logits, const Rows& rows, int64_t first_token, int64_t first_row, float inverse) {
    alignas(64) float norm[SIDE] = {}, entropy[SIDE] = {}, through[SIDE] = {}, spread[SIDE] = {};
    const int64_t there = std::min(SIDE, rows.count - first_row);
    for (int64_t i = 0; i < there; ++i) {
        norm[i] = rows.normalizers[first_row + i];
        entropy[i] = rows.entropies[first_row + i];
        through[i] = rows.along_logprob[first_row + i] * inverse;
        spread[i] = rows.along_entropy[first_row + i] * inverse;
    }
    const __m512 factor = _mm512_set1_ps(inverse);
    for (int64_t v = 0; v < SIDE; ++v) {
        float* row = logits + v * SIDE;
        for (int64_t i = 0; i < SIDE; i += 16) {
            const __m512 log = _mm512_fmsub_ps(_mm512_load_ps(row + i), factor, _mm512_load_ps(norm + i));
            const __m512 along = _mm512_fmadd_ps(
                _mm512_load_ps(spread + i), _mm512_add_ps(log, _mm512_load_ps(entropy + i)), _mm512_load_ps(through + i));
            _mm512_store_ps(row + i, _mm512_mul_ps(_mm512_sub_ps(_mm512_setzero_ps(), exponential(log)), along));
        }
    }
    for (int64_t i = 0; i < there; ++i) {
        const int64_t target = rows.targets[first_row + i] - first_token;
        if (target >= 0 && target < SIDE) logits[target * SIDE + i] += through[i];
    }
}

// Slopes [32, 32] in bf16: as they are at `turned` (`stride` from token to token), and as two left tiles of 16 rows.
static void keep(const float* slopes, bf16* turned, int64_t stride, bf16* upper, bf16* lower) {
    for (int64_t half = 0; half < 2; ++half) {
        __m512i pairs[16];
        for (int64_t i = 0; i < 16; ++i) {
            const float* at = slopes + 2 * i * SIDE + 16 * half;
            const __m512i both = rounded_rows(_mm512_load_ps(at), _mm512_load_ps(at + SIDE));
            store_rows(turned + 2 * i * stride + 16 * half, stride, both);
            pairs[i] = paired(both);
        }
        transpose(pairs);
        store_tile(pairs, half ? lower : upper);
    }
}

// grad_hidden [rows up to a multiple of 32, width] += slopes weight; grad_weight [vocabulary, width], unless null, = or
// += slopes' hidden. Both are fp32.
extern "C" void head_backward_bf16(const bf16* weight, const bf16* hidden, const int64_t* targets,
                                   const float* normalizers, const float* entropies, const float* along_logprob,
                                   const float* along_entropy, float* grad_hidden, float* grad_weight, int64_t rows,
                                   int64_t vocabulary, int64_t width, int32_t add, float temperature) {
    const float inverse = 1.0f / temperature;
    const Rows known{targets, normalizers, entropies, along_logprob, along_entropy, rows};
    const int64_t padded = up_to_side(rows), steps = width / SIDE, row_steps = padded / SIDE, chunk_steps = CHUNK / SIDE;
    const Packed<bf16> across(padded * width), down(padded * width), below(CHUNK * width);
    const Packed<bf16> turned(CHUNK * padded), slopes(CHUNK * padded);
#pragma omp parallel
    {
        const Tiles tiles;
        const Packed<bf16> spare(SIDE * width);
        alignas(64) float block[SIDE * SIDE];
#pragma omp for schedule(static) nowait
        for (int64_t tile = 0; tile < padded / 16; ++tile)
            for (int64_t s = 0; s < steps; ++s)
                pack_across(hidden + tile * 16 * width + s * SIDE, width, rows - tile * 16,
                            across.get() + (tile * steps + s) * TILE);
#pragma omp for schedule(static)
        for (int64_t tile = 0; tile < width / 16; ++tile)
            for (int64_t s = 0; s < row_steps; ++s)
                pack_down(hidden + s * SIDE * width + tile * 16, width, rows - s * SIDE,
                          down.get() + (tile * row_steps + s) * TILE);
        for (int64_t first = 0; first < vocabulary; first += CHUNK) {
#pragma omp for schedule(static) nowait
            for (int64_t tile = 0; tile < width / 16; ++tile)
                for (int64_t s = 0; s < chunk_steps; ++s)
                    pack_down(weight + (first + s * SIDE) * width + tile * 16, width, vocabulary - first - s * SIDE,
                              below.get() + (tile * chunk_steps + s) * TILE);
#pragma omp for schedule(static)
            for (int64_t s = 0; s < chunk_steps; ++s) {
                const int64_t token = first + s * SIDE, count = std::min(SIDE, vocabulary - token);
                const bf16* from = weight + token * width;
                if (count < SIDE) {
                    std::fill_n(spare.get(), SIDE * width, bf16{0});
                    if (count > 0) std::copy_n(from, count * width, spare.get());
                    from = spare.get();
                }
                for (int64_t row = 0; row < padded; row += SIDE) {
                    product(rows_of(from, width), packed_pair(across.get() + row * width, steps), steps, block, SIDE, false);
                    bend(block, known, token, row, inverse);
                    bf16* upper = slopes.get() + (row / 16 * chunk_steps + s) * TILE;
                    keep(block, turned.get() + s * SIDE * padded + row, padded, upper, upper + chunk_steps * TILE);
                }
            }
#pragma omp for schedule(static) nowait
            for (int64_t row = 0; row < padded; row += SIDE)
                for (int64_t i = 0; i < width; i += SIDE)
                    product(packed_pair(slopes.get() + row / 16 * chunk_steps * TILE, chunk_steps),
                            packed_pair(below.get() + i / 16 * chunk_steps * TILE, chunk_steps), chunk_steps,
                            grad_hidden + row * width + i, width, true);
#pragma omp for schedule(static)
            for (int64_t s = 0; s < chunk_steps; ++s) {
                const int64_t token = first + s * SIDE;
                for (int64_t i = 0; i < width && grad_weight; i += SIDE) {
                    const Pair left = rows_of(turned.get() + s * SIDE * padded, padded);
                    const Pair right = packed_pair(down.get() + i / 16 * row_steps * TILE, row_steps);
                    float* to = grad_weight + token * width + i;
                    if (token + SIDE <= vocabulary) {
                        product(left, right, row_steps, to, width, add);
                        continue;
                    }
                    product(left, right, row_steps, block, SIDE, false);
                    for (int64_t v = 0; v < vocabulary - token; ++v)
                        for (int64_t j = 0; j < SIDE; ++j)
                            to[v * width + j] = block[v * SIDE + j] + (add ? to[v * width + j] : 0.0f);
                }
            }
        }
    }
}
#endif
