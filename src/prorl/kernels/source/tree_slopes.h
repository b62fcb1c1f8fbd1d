// Slopes of attention along scores, for some rows and some keys, and what they add to the gradients.
//
// Weights P are made again from scores and the log-sums of the forward pass. With slopes G = grad_out value' along them
// and delta, a row's sum of grad_out * out, slopes along scores are scale S for S = P (G - delta); so grad_value =
// P' grad_out, grad_key = scale S' query and grad_query = scale S key. The scale comes last.
#pragma once
#include "tree_rows.h"
#ifdef TILES
#include <vector>

constexpr int64_t ROWS = 128, BLOCKS = ROWS / SIDE;  // rows taken at a time
constexpr int64_t CHUNK = 8;                         // blocks of 32 keys whose slopes are held at once

// A slab's keys and values, and the sums of their gradients [keys, d].
struct Keys {
    Keys(int64_t room, int64_t d)
        : keys(room * d), values(room * d), keys_left(room * d),
          sums{Packed<float>(room * d), Packed<float>(room * d)} {}

    void fill(const Slab& slab, const Heads<const bf16>& key, const Heads<const bf16>& value) {
        blocks = slab.keys() / SIDE;
        gather_keys(slab, key.at, key.stride, key.d, keys.get());
        gather_keys(slab, value.at, value.stride, key.d, values.get());
        pack_left(keys.get(), slab.keys(), key.d, keys_left.get());
        for (const Packed<float>& sum : sums) std::fill_n(sum.get(), slab.keys() * key.d, 0.0f);
    }

    int64_t blocks = 0;
    Packed<bf16> keys, values, keys_left;
    Packed<float> sums[2];  // along keys, along values
};

// Queries or gradients along outputs: as they are, as right tiles that sum along d (of every 32 rows), and along rows.
struct Factor {
    explicit Factor(int64_t d) : rows(ROWS * d), across(ROWS * d), down(ROWS * d) {}

    void fill(const Heads<const bf16>& from, int64_t first, int64_t count) {
        const int64_t d = from.d;
        gather(from, first, count, ROWS, rows.get());
        for (int64_t row = 0; row < ROWS; row += SIDE) pack_right(rows.get() + row * d, d, across.get() + row * d);
        bf16* tile = down.get();
        for (int64_t i = 0; i < d; i += 16)
            for (int64_t row = 0; row < ROWS; row += SIDE, tile += TILE)
                pack_down(rows.get() + row * d + i, d, SIDE, tile);
    }

    Packed<bf16> rows, across, down;
};

// What is held of up to 128 rows. Weights and slopes [32 keys, 128 rows] are of one block of keys; `tiles`: slopes on a
// chunk of keys, as right tiles. `grad_query` is turned: [d, 32] for every 32 rows.
struct Slopes {
    explicit Slopes(int64_t d)
        : d(d), query(d), grad(d), weights(SIDE * ROWS), slopes(SIDE * ROWS), tiles(2 * BLOCKS * CHUNK * TILE),
          grad_query(ROWS * d) {}

    bf16* chunk(int64_t b) const { return tiles.get() + b * 2 * CHUNK * TILE; }

    int64_t d;
    Factor query, grad;
    Packed<bf16> weights, slopes, tiles;
    Packed<float> grad_query;
    std::vector<Sight> sights;  // of every 32 rows
    alignas(64) float logs[ROWS], deltas[ROWS];
    alignas(64) float scores[SIDE * SIDE], along[SIDE * SIDE];
};

// From `scores` and slopes `along` weights [32 keys, 32 rows]: weights and slopes of rows 32 b and following.
inline void bend(const Slopes& held, int64_t b, int64_t run, int64_t block, float scale, bf16* tiles) {
    const Sight& sight = held.sights[b];
    const bool whole = sight.whole(run, block);
    for (int64_t half = 0; half < 2; ++half, tiles += CHUNK * TILE) {
        const int64_t row = b * SIDE + 16 * half;
        const __m512 log = _mm512_load_ps(held.logs + row), delta = _mm512_load_ps(held.deltas + row);
        for (int64_t key = 0; key < SIDE; key += 2) {
            __m512 weights[2], slopes[2];
            for (int64_t odd = 0; odd < 2; ++odd) {
                const int64_t at = (key + odd) * SIDE + 16 * half;
                const __m512 score = _mm512_load_ps(held.scores + at), along = _mm512_load_ps(held.along + at);
                weights[odd] = exponential(_mm512_fmsub_ps(score, _mm512_set1_ps(scale), log));
                if (!whole)
                    weights[odd] = _mm512_maskz_mov_ps(sight.seen(run, block * SIDE + key + odd, half), weights[odd]);
                slopes[odd] = _mm512_mul_ps(weights[odd], _mm512_sub_ps(along, delta));
            }
            store_rows(held.weights.get() + key * ROWS + row, ROWS, rounded_rows(weights[0], weights[1]));
            const __m512i both = rounded_rows(slopes[0], slopes[1]);
            store_rows(held.slopes.get() + key * ROWS + row, ROWS, both);
            _mm512_store_si512(tiles + key * 16, paired(both));
        }
    }
}

// One block of keys: slopes of all rows that see it, and what they add to the gradients of its keys and values.
inline void onto_keys(const Keys& own, Slopes& held, int64_t run, int64_t block, int64_t place, float scale) {
    const int64_t d = held.d, d_steps = d / SIDE, at = block * SIDE * d;
    const auto sees = [&](int64_t b) { return held.sights[b].first[run] <= block && block < held.sights[b].end[run]; };
    int64_t from = 0, to = held.sights.size();  // those that see it are neighbours
    while (from < to && !sees(from)) ++from;
    while (from < to && !sees(to - 1)) --to;
    for (int64_t b = from; b < to; ++b) {
        const Pair query = packed_pair(held.query.across.get() + b * SIDE * d, d_steps);
        const Pair grad = packed_pair(held.grad.across.get() + b * SIDE * d, d_steps);
        product(rows_of(own.keys.get() + at, d), query, d_steps, held.scores, SIDE, false);
        product(rows_of(own.values.get() + at, d), grad, d_steps, held.along, SIDE, false);
        bend(held, b, run, block, scale, held.chunk(b) + place * TILE);
    }
    const Pair slopes = rows_of(held.slopes.get() + from * SIDE, ROWS);
    const Pair weights = rows_of(held.weights.get() + from * SIDE, ROWS);
    for (int64_t i = 0; i < d; i += SIDE) {
        const Pair query = packed_pair(held.query.down.get() + i / 16 * BLOCKS * TILE, BLOCKS).after(from);
        const Pair grad = packed_pair(held.grad.down.get() + i / 16 * BLOCKS * TILE, BLOCKS).after(from);
        product(slopes, query, to - from, own.sums[0].get() + at + i, d, true);
        product(weights, grad, to - from, own.sums[1].get() + at + i, d, true);
    }
}

// What the slopes on a chunk of keys [first, end) add to the gradients of queries.
inline void onto_queries(const Keys& own, const Slopes& held, int64_t run, int64_t first, int64_t end) {
    const int64_t d = held.d, blocks = held.sights.size();
    for (int64_t b = 0; b < blocks; ++b) {
        const int64_t from = std::max(first, held.sights[b].first[run]), to = std::min(end, held.sights[b].end[run]);
        const Pair slopes = packed_pair(held.chunk(b), CHUNK).after(from - first);
        for (int64_t i = 0; i < d && from < to; i += SIDE)
            product(packed_pair(own.keys_left.get() + i / 16 * own.blocks * TILE, own.blocks).after(from), slopes,
                    to - from, held.grad_query.get() + (b * d + i) * SIDE, SIDE, run || from);
    }
}
#endif
