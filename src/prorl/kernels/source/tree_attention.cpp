// Attention of packed trees: a trunk attends causally to itself, a branch to its whole trunk and causally to itself.
//
// Keys are taken some at a time; a row's weights are relative to the largest score so far (FlashAttention).
#include "tree_rows.h"
#ifdef TILES

static constexpr float LEAST = -1e30f;  // a score of what isn't seen
static constexpr int64_t CHUNK = 8;     // blocks of 32 keys taken at a time; their scores stay in the first cache

namespace {
// Memory of one thread. `out` is turned: [d, 32].
struct Held {
    Held(int64_t room, int64_t d)
        : d(d), keys(room * d), values(room * d), values_left(room * d), query(SIDE * d), query_right(SIDE * d),
          weights(2 * CHUNK * TILE), scores(CHUNK * SIDE * SIDE), out(SIDE * d) {}
    int64_t d;
    Packed<bf16> keys, values, values_left, query, query_right, weights;
    Packed<float> scores, out;
};

// Of 32 rows: the largest score so far, and the sum of weights e^(scale (score - largest)).
struct Sums {
    alignas(64) float most[SIDE], total[SIDE];
};
}  // namespace

// Scores [32 keys, 32 rows] that aren't seen become LEAST; `most` becomes the largest.
static void look(float* scores, const Sight& sight, int64_t run, int64_t block, __m512 most[2]) {
    const bool whole = sight.whole(run, block);
    for (int64_t key = 0; key < SIDE; ++key)
        for (int64_t half = 0; half < 2; ++half) {
            float* at = scores + key * SIDE + 16 * half;
            __m512 score = _mm512_load_ps(at);
            if (!whole) {
                score = _mm512_mask_mov_ps(_mm512_set1_ps(LEAST), sight.seen(run, block * SIDE + key, half), score);
                _mm512_store_ps(at, score);
            }
            most[half] = _mm512_max_ps(most[half], score);
        }
}

// Scores of 16 rows on `count` keys become weights, in right tiles; their sum.
static __m512 weigh(const float* scores, int64_t count, __m512 most, __m512 scale, bf16* tiles) {
    const __m512 shift = _mm512_mul_ps(most, scale);
    __m512 total = _mm512_setzero_ps();
    for (int64_t key = 0; key < count; key += 2, tiles += SIDE) {
        const float* at = scores + key * SIDE;
        const __m512 even = exponential(_mm512_fmsub_ps(_mm512_load_ps(at), scale, shift));
        const __m512 odd = exponential(_mm512_fmsub_ps(_mm512_load_ps(at + SIDE), scale, shift));
        total = _mm512_add_ps(total, _mm512_add_ps(even, odd));
        _mm512_store_si512(tiles, paired(rounded_rows(even, odd)));
    }
    return total;
}

// The held rows on `count` blocks of keys from `first` on. `later`: they have seen others before.
static void attend(const Held& held, const Sight& sight, int64_t run, int64_t first, int64_t count, int64_t blocks,
                   float scale, bool later, Sums& sums) {
    const int64_t d = held.d;
    const Pair query = packed_pair(held.query_right.get(), d / SIDE);
    __m512 most[2] = {_mm512_load_ps(sums.most), _mm512_load_ps(sums.most + 16)};
    for (int64_t b = 0; b < count; ++b) {
        float* scores = held.scores.get() + b * SIDE * SIDE;
        product(rows_of(held.keys.get() + (first + b) * SIDE * d, d), query, d / SIDE, scores, SIDE, false);
        look(scores, sight, run, first + b, most);
    }
    const __m512 factor = _mm512_set1_ps(scale);
    for (int64_t half = 0; half < 2; ++half) {
        float *largest = sums.most + 16 * half, *total = sums.total + 16 * half, *out = held.out.get() + 16 * half;
        const __m512 rise = _mm512_sub_ps(_mm512_load_ps(largest), most[half]);
        const __m512 fade = exponential(_mm512_mul_ps(rise, factor));
        const __m512 added = weigh(held.scores.get() + 16 * half, count * SIDE, most[half], factor,
                                   held.weights.get() + half * CHUNK * TILE);
        _mm512_store_ps(largest, most[half]);
        _mm512_store_ps(total, _mm512_fmadd_ps(_mm512_load_ps(total), fade, added));
        for (int64_t i = 0; later && i < d; ++i)
            _mm512_store_ps(out + i * SIDE, _mm512_mul_ps(_mm512_load_ps(out + i * SIDE), fade));
    }
    for (int64_t i = 0; i < d; i += SIDE)
        product(packed_pair(held.values_left.get() + i / 16 * blocks * TILE, blocks).after(first),
                packed_pair(held.weights.get(), CHUNK), count, held.out.get() + i * SIDE, SIDE, later);
}

// query [tokens, heads d], key and value [tokens, kv d], with `…_stride` numbers from token to token; out [tokens,
// heads d]; logs [tokens, heads]: log of the sum of e^(scale score). Every token is in one slab. begins: see `Sight`.
extern "C" void tree_attention_bf16(const bf16* query, const bf16* key, const bf16* value, const Slab* slabs,
                                    const int64_t* begins, bf16* out, float* logs, int64_t count, int64_t heads,
                                    int64_t kv, int64_t d, int64_t query_stride, int64_t key_stride,
                                    int64_t value_stride, float scale) {
    const int64_t shared = heads / kv, room = most_keys(slabs, count);
#pragma omp parallel
    {
        const Tiles tiles;
        const Held held(room, d);
#pragma omp for schedule(dynamic)
        for (int64_t task = 0; task < count * kv; ++task) {
            const Slab& slab = slabs[task / kv];
            const int64_t group = task % kv, head = group * shared, rows = (slab.end - slab.first) * shared;
            const Heads<const bf16> from{query + slab.first * query_stride + head * d, query_stride, shared, d};
            const Heads<bf16> to{out + (slab.first * heads + head) * d, heads * d, shared, d};
            const Heads<float> log{logs + slab.first * heads + head, heads, shared, 1};
            gather_keys(slab, key + group * d, key_stride, d, held.keys.get());
            gather_keys(slab, value + group * d, value_stride, d, held.values.get());
            pack_left(held.values.get(), slab.keys(), d, held.values_left.get());
            for (int64_t row = 0; row < rows; row += SIDE) {
                const int64_t there = std::min(SIDE, rows - row);
                gather(from, row, there, SIDE, held.query.get());
                pack_right(held.query.get(), d, held.query_right.get());
                const Sight sight(slab, begins, row, shared);
                Sums sums;
                std::fill_n(sums.most, SIDE, LEAST);
                std::fill_n(sums.total, SIDE, 0.0f);
                for (int64_t run = 0; run < 2; ++run)
                    for (int64_t b = sight.first[run]; b < sight.end[run]; b += CHUNK)
                        attend(held, sight, run, b, std::min(CHUNK, sight.end[run] - b), slab.keys() / SIDE, scale,
                               run || b, sums);
                log.each(row, there, [&](int64_t r, float* at) {
                    *at = sums.most[r] * scale + std::log(sums.total[r]);
                });
                for (float& total : sums.total) total = 1.0f / total;
                put_rows(held.out.get(), sums.total, to, row, there);
            }
        }
    }
}
#endif
