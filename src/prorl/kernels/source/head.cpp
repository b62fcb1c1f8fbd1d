// The output head and the distribution over the vocabulary in one pass: logits live 32 x 32 at a time, in fp32.
//
// hidden [rows, width] and weight [vocabulary, width]; the distribution is softmax(weight hidden / temperature). The
// vocabulary goes by in blocks; of each block and row three sums are kept, [blocks, rows] each: the largest logit, the
// sum of e^z over the block, z = (logit - largest) / temperature, and the sum of z e^z.
#include "tiles.h"
#ifdef TILES
#include <cmath>
#include <vector>

static constexpr float LOWEST = -1e30f;
static constexpr int64_t ROWS = 1024;  // of hidden states packed at a time

// Logits of 32 tokens of the vocabulary for 32 rows: `out` [32, 32]. `spare` has room for 32 rows of weights.
static void logits_of(const bf16* weight, int64_t first, int64_t vocabulary, int64_t width, const bf16* packed,
                      bf16* spare, float* out) {
    const bf16* from = weight + first * width;
    if (first + SIDE > vocabulary) {
        std::fill(std::copy(from, weight + vocabulary * width, spare), spare + SIDE * width, bf16{0});
        from = spare;
    }
    product(rows_of(from, width), packed_pair(packed, width / SIDE), width / SIDE, out, SIDE, false);
}

// Packs `rows` rows as right factors; to be called by all threads.
static void pack_hidden(const bf16* hidden, int64_t rows, int64_t width, bf16* packed) {
#pragma omp for schedule(static)
    for (int64_t tile = 0; tile < up_to_side(rows) / 16; ++tile)
        for (int64_t s = 0; s < width / SIDE; ++s)
            pack_across(hidden + tile * 16 * width + s * SIDE, width, rows - tile * 16,
                        packed + (tile * (width / SIDE) + s) * TILE);
}

// Takes `count` tokens' logits [count, 32] into the sums of 32 rows, 16 at a time.
static void fold(const float* logits, int64_t count, float inverse, float* most, float* total, float* along) {
    const __m512 factor = _mm512_set1_ps(inverse);
    for (int64_t half = 0; half < SIDE; half += 16) {
        const __m512 before = _mm512_loadu_ps(most + half);
        __m512 top = before, sum = _mm512_loadu_ps(total + half), slant = _mm512_loadu_ps(along + half);
        for (int64_t v = 0; v < count; ++v) top = _mm512_max_ps(top, _mm512_load_ps(logits + v * SIDE + half));
        const __m512 shift = _mm512_mul_ps(_mm512_sub_ps(before, top), factor), scale = exponential(shift);
        slant = _mm512_mul_ps(_mm512_fmadd_ps(shift, sum, slant), scale);
        sum = _mm512_mul_ps(sum, scale);
        for (int64_t v = 0; v < count; ++v) {
            const __m512 z = _mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(logits + v * SIDE + half), top), factor);
            const __m512 weight = exponential(z);
            sum = _mm512_add_ps(sum, weight);
            slant = _mm512_fmadd_ps(z, weight, slant);
        }
        _mm512_storeu_ps(most + half, top);
        _mm512_storeu_ps(total + half, sum);
        _mm512_storeu_ps(along + half, slant);
    }
}

extern "C" void head_sums_bf16(const bf16* weight, const bf16* hidden, float* most, float* total, float* along,
                               int64_t rows, int64_t vocabulary, int64_t width, int64_t block, float temperature) {
    const float inverse = 1.0f / temperature;
    const int64_t blocks = (vocabulary + block - 1) / block;
    const Packed<bf16> packed(up_to_side(std::min(rows, ROWS)) * width);
#pragma omp parallel
    {
        const Tiles tiles;
        const Packed<bf16> spare(SIDE * width);
        alignas(64) float logits[SIDE * SIDE];
        std::vector<float> sums(3 * ROWS);
        for (int64_t first = 0; first < rows; first += ROWS) {
            const int64_t count = std::min(ROWS, rows - first);
            pack_hidden(hidden + first * width, count, width, packed.get());
#pragma omp for schedule(static)
            for (int64_t b = 0; b < blocks; ++b) {
                std::fill(sums.begin(), sums.begin() + ROWS, LOWEST);
                std::fill(sums.begin() + ROWS, sums.end(), 0.0f);
                const int64_t end = std::min((b + 1) * block, vocabulary);
                for (int64_t v = b * block; v < end; v += SIDE)
                    for (int64_t row = 0; row < count; row += SIDE) {
                        logits_of(weight, v, vocabulary, width, packed.get() + row * width, spare.get(), logits);
                        fold(logits, std::min(SIDE, end - v), inverse, &sums[row], &sums[ROWS + row],
                             &sums[2 * ROWS + row]);
                    }
                std::copy_n(&sums[0], count, most + b * rows + first);
                std::copy_n(&sums[ROWS], count, total + b * rows + first);
                std::copy_n(&sums[2 * ROWS], count, along + b * rows + first);
            }
        }
    }
}

static float dot(const bf16* one, const bf16* other, int64_t width) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; ++i) sum += wide(one[i]) * wide(other[i]);
    return sum;
}

static float largest(const float* most, int64_t rows, int64_t blocks) {
    float top = LOWEST;
    for (int64_t b = 0; b < blocks; ++b) top = std::max(top, most[b * rows]);
    return top;
}

// The token at which the cumulative distribution passes uniform [rows] (in [0, 1)), and its log-probability.
extern "C" void head_draw_bf16(const bf16* weight, const bf16* hidden, const float* most, const float* total,
                               const double* uniform, int64_t* tokens, float* logprobs, int64_t rows,
                               int64_t vocabulary, int64_t width, int64_t block, float temperature) {
    const float inverse = 1.0f / temperature;
    const int64_t blocks = (vocabulary + block - 1) / block;
#pragma omp parallel
    {
        std::vector<double> sums(blocks);
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; ++row) {
            const float top = largest(most + row, rows, blocks);
            double whole = 0;
            for (int64_t b = 0; b < blocks; ++b) {
                sums[b] = total[b * rows + row] * static_cast<double>(exponential((most[b * rows + row] - top) * inverse));
                whole += sums[b];
            }
            const double aim = uniform[row] * whole;
            double before = 0;
            int64_t chosen_block = 0;
            while (chosen_block + 1 < blocks && before + sums[chosen_block] <= aim) before += sums[chosen_block++];
            while (chosen_block > 0 && sums[chosen_block] <= 0) before -= sums[--chosen_block];
            const int64_t first = chosen_block * block, end = std::min(first + block, vocabulary);
            int64_t chosen = first;
            float z = 0;
            for (int64_t v = first; v < end; ++v) {
                const float here = (dot(hidden + row * width, weight + v * width, width) - top) * inverse;
                const float likely = exponential(here);
                if (likely <= 0) continue;
                chosen = v;
                z = here;
                before += likely;
                if (before > aim) break;
            }
            tokens[row] = chosen;
            logprobs[row] = static_cast<float>(z - std::log(whole));
        }
    }
}

// Of each row: the log-probability of its target, the log of the normaliser, and the entropy, in nats.
extern "C" void head_logprobs_bf16(const bf16* weight, const bf16* hidden, const float* most, const float* total,
                                   const float* along, const int64_t* targets, float* logprobs, float* normalizers,
                                   float* entropies, int64_t rows, int64_t width, int64_t blocks, float temperature) {
    const float inverse = 1.0f / temperature;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        const float top = largest(most + row, rows, blocks);
        double whole = 0, slanted = 0;
        for (int64_t b = 0; b < blocks; ++b) {
            const double shift = (most[b * rows + row] - top) * inverse;
            const double scale = exponential(static_cast<float>(shift));
            whole += total[b * rows + row] * scale;
            slanted += (along[b * rows + row] + shift * total[b * rows + row]) * scale;
        }
        const float target = dot(hidden + row * width, weight + targets[row] * width, width);
        const double log_whole = std::log(whole);
        normalizers[row] = static_cast<float>(top * inverse + log_whole);
        logprobs[row] = static_cast<float>((target - top) * inverse - log_whole);
        entropies[row] = static_cast<float>(log_whole - slanted / whole);
    }
}
#endif
