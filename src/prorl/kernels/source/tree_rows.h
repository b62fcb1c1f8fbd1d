// What one task of attention over packed trees works on: neighbouring tokens of one tree, for one head of keys.
//
// A row is one query head of one token; heads that share keys are rows of one matrix. Scores are kept turned, [keys, 32
// rows]: what is known of a row is one number of a vector, nothing is summed up across one, and the weights are a right
// factor as they come.
#pragma once
#include "tiles.h"
#ifdef TILES

// Tokens [first, end): a piece of a trunk that begins at `trunk` and ends at `branches`, whole branches, or both. Keys
// are numbered: the trunk's (up to `end`, if that is earlier), padded to a multiple of 32, then those of the branches.
struct Slab {
    int64_t trunk, branches, first, end;

    int64_t depth() const { return std::min(branches, end) - trunk; }
    int64_t stem() const { return up_to_side(depth()); }
    int64_t own() const { return std::min(std::max(first, branches), end); }
    int64_t keys() const { return stem() + up_to_side(end - own()); }
};

inline int64_t most_keys(const Slab* slabs, int64_t count) {
    int64_t most = 0;
    for (int64_t s = 0; s < count; ++s) most = std::max(most, slabs[s].keys());
    return most;
}

// Row r is head r % shared of token r / shared; `stride` numbers from token to token.
template <class T> struct Heads {
    T* at;
    int64_t stride, shared, d;

    // take(i, row first + i) for i below `count`.
    template <class Take> void each(int64_t first, int64_t count, Take take) const {
        T* token = at + first / shared * stride;
        for (int64_t i = 0, head = first % shared; i < count; ++i) {
            take(i, token + head * d);
            if (++head == shared) head = 0, token += stride;
        }
    }
};

// Rows [first, first + room) one after the other, of which `count` exist; the others are 0.
inline void gather(const Heads<const bf16>& from, int64_t first, int64_t count, int64_t room, bf16* to) {
    from.each(first, count, [&](int64_t r, const bf16* row) {
        for (int64_t i = 0; i < from.d; i += SIDE) _mm512_store_si512(to + r * from.d + i, _mm512_loadu_si512(row + i));
    });
    std::fill(to + count * from.d, to + room * from.d, bf16{0});
}

// Keys or values of a slab [keys, d], 0 where there is no token. `from`: of token 0.
inline void gather_keys(const Slab& slab, const bf16* from, int64_t stride, int64_t d, bf16* to) {
    const Heads<const bf16> tokens{from, stride, 1, d};
    gather(tokens, slab.trunk, slab.depth(), slab.stem(), to);
    gather(tokens, slab.own(), slab.end - slab.own(), slab.keys() - slab.stem(), to + slab.stem() * d);
}

// Left tiles of a turned matrix [count, d]: the d numbers are rows, and they sum along `count`, a multiple of 32.
inline void pack_left(const bf16* from, int64_t count, int64_t d, bf16* tiles) {
    for (int64_t i = 0; i < d; i += 16)
        for (int64_t at = 0; at < count; at += SIDE, tiles += TILE) pack_turned(from + at * d + i, d, SIDE, tiles);
}

// Right tiles that sum along d, for 32 rows [32, d].
inline void pack_right(const bf16* from, int64_t d, bf16* tiles) {
    for (int64_t r = 0; r < SIDE; r += 16)
        for (int64_t i = 0; i < d; i += SIDE, tiles += TILE) pack_across(from + r * d + i, d, 16, tiles);
}

// What 32 rows see: of the trunk (run 0) and of their own branches (run 1), each row neighbouring keys [low, high).
struct Sight {
    alignas(64) int32_t low[2][SIDE], high[2][SIDE];
    int64_t first[2], end[2];  // blocks of 32 keys of which some row sees something
    int64_t from[2], to[2];    // keys that every row sees

    // For rows from `row` on of a slab with `shared` heads a token; rows past its end see what the last one sees.
    // `begins` [tokens]: the first token of each one's branch.
    Sight(const Slab& slab, const int64_t* begins, int64_t row, int64_t shared) {
        int64_t token = slab.first + row / shared, head = row % shared;
        for (int64_t r = 0; r < SIDE; ++r) {
            const bool on_trunk = token < slab.branches;
            const int64_t number = slab.stem() + token - slab.own();
            low[0][r] = 0;
            high[0][r] = on_trunk ? token - slab.trunk + 1 : slab.depth();
            low[1][r] = on_trunk ? 0 : number - (token - begins[token]);
            high[1][r] = on_trunk ? 0 : number + 1;
            if (++head == shared && token + 1 < slab.end) head = 0, ++token;
        }
        for (int64_t run = 0; run < 2; ++run) {
            from[run] = *std::max_element(low[run], low[run] + SIDE);
            to[run] = *std::min_element(high[run], high[run] + SIDE);
            end[run] = up_to_side(*std::max_element(high[run], high[run] + SIDE)) / SIDE;
            first[run] = end[run];
            for (int64_t r = 0; r < SIDE; ++r)
                if (low[run][r] < high[run][r]) first[run] = std::min<int64_t>(first[run], low[run][r] / SIDE);
        }
    }

    bool whole(int64_t run, int64_t block) const { return from[run] <= block * SIDE && (block + 1) * SIDE <= to[run]; }

    __mmask16 seen(int64_t run, int64_t key, int64_t half) const {
        const __m512i number = _mm512_set1_epi32(static_cast<int32_t>(key));
        return _mm512_cmple_epi32_mask(_mm512_load_si512(low[run] + 16 * half), number) &
               _mm512_cmpgt_epi32_mask(_mm512_load_si512(high[run] + 16 * half), number);
    }
};

// Turned rows [d, 32], each times its factor, to where `count` rows from `first` on belong.
inline void put_rows(const float* turned, const float* factors, const Heads<bf16>& to, int64_t first, int64_t count) {
    bf16* rows[SIDE];
    to.each(first, count, [&](int64_t r, bf16* row) { rows[r] = row; });
    for (int64_t r = 0; r < count; r += 16)
        for (int64_t i = 0; i < to.d; i += 16) {
            __m512i square[16];
            for (int64_t k = 0; k < 16; ++k)
                square[k] = _mm512_castps_si512(
                    _mm512_mul_ps(_mm512_load_ps(turned + (i + k) * SIDE + r), _mm512_load_ps(factors + r)));
            transpose(square);
            for (int64_t k = 0; k < std::min<int64_t>(16, count - r); ++k)
                store_narrow(rows[r + k] + i, _mm512_castsi512_ps(square[k]));
        }
}
#endif
