// Decoding: one new token of every open branch attends to its trunk and to the branch's own tokens.
//
// Keys and values lie in right tiles, so that nothing is packed at a step. Of one head, keys of 16 tokens are d/32 tiles
// one after the other; values of 32 tokens are d/16 tiles.
#include "tiles.h"
#ifdef TILES

static constexpr float LEAST = -1e30f;  // a score of what isn't there

static void put_key(bf16* keys, int64_t token, int64_t d, const bf16* key) {
    uint32_t* tiles = reinterpret_cast<uint32_t*>(keys + token / 16 * (d / SIDE) * TILE) + token % 16;
    const uint32_t* pairs = reinterpret_cast<const uint32_t*>(key);
    for (int64_t i = 0; i < d / 2; ++i) tiles[i * 16] = pairs[i];
}

static void put_value(bf16* values, int64_t token, int64_t d, const bf16* value) {
    bf16* row = values + token / SIDE * SIDE * d + token % SIDE / 2 * SIDE;
    const int shift = token % 2 ? 16 : 0;
    const __mmask32 mine = token % 2 ? 0xaaaaaaaa : 0x55555555;
    for (int64_t i = 0; i < d; i += 16, row += TILE) {
        const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(value + i));
        _mm512_mask_storeu_epi16(row, mine, _mm512_slli_epi32(_mm512_cvtepu16_epi32(some), shift));
    }
}

// Rotary embedding, pairing dimension i with i + d/2; d is a multiple of 32.
static void turn(const bf16* from, const bf16* cosine, const bf16* sine, int64_t d, bf16* to) {
    for (int64_t i = 0, j = d / 2; i < d / 2; i += 16, j += 16) {
        const __m512 a = load_wide(from + i), b = load_wide(from + j);
        store_narrow(to + i, _mm512_fmsub_ps(a, load_wide(cosine + i), _mm512_mul_ps(b, load_wide(sine + i))));
        store_narrow(to + j, _mm512_fmadd_ps(b, load_wide(cosine + j), _mm512_mul_ps(a, load_wide(sine + j))));
    }
}

// out [16, 32] = 16 rows of `left` times two columns of tiles.
static void strip(const bf16* left, int64_t width, const Pair& right, int64_t steps, float* out, int64_t stride) {
    _tile_zero(0);
    _tile_zero(1);
    for (int64_t s = 0; s < steps; ++s) {
        _tile_loadd(4, left + s * SIDE, width * sizeof(bf16));
        _tile_loadd(6, right.first + s * right.step, right.stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, right.second + s * right.step, right.stride);
        _tile_dpbf16ps(1, 4, 7);
    }
    _tile_stored(0, out, stride * sizeof(float));
    _tile_stored(1, out + 16, stride * sizeof(float));
}

// Scores [room], of which `count` are there, become weights e^(scale (score - most)) / total, in bf16.
static __m512 most_of(float* scores, int64_t count, int64_t room, __m512 most) {
    std::fill(scores + count, scores + room, LEAST);
    for (int64_t j = 0; j < room; j += 16) most = _mm512_max_ps(most, _mm512_load_ps(scores + j));
    return most;
}

static __m512 exponentials(float* scores, int64_t room, __m512 most, __m512 scale) {
    __m512 total = _mm512_setzero_ps();
    for (int64_t j = 0; j < room; j += 16) {
        const __m512 weight = exponential(_mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(scores + j), most), scale));
        _mm512_store_ps(scores + j, weight);
        total = _mm512_add_ps(total, weight);
    }
    return total;
}

static void scaled(const float* from, int64_t room, __m512 factor, bf16* to) {
    for (int64_t j = 0; j < room; j += 16) store_narrow(to + j, _mm512_mul_ps(_mm512_load_ps(from + j), factor));
}

// One softmax over a query's scores on its trunk and on its branch.
static void weigh(float* on_trunk, int64_t reach, int64_t trunk_room, float* on_own, int64_t length, int64_t own_room,
                  float scale, bf16* trunk, bf16* own) {
    __m512 most = most_of(on_trunk, reach, trunk_room, _mm512_set1_ps(LEAST));
    most = _mm512_set1_ps(_mm512_reduce_max_ps(most_of(on_own, length, own_room, most)));
    __m512 total = exponentials(on_trunk, trunk_room, most, _mm512_set1_ps(scale));
    total = _mm512_add_ps(total, exponentials(on_own, own_room, most, _mm512_set1_ps(scale)));
    const __m512 inverse = _mm512_set1_ps(1.0f / _mm512_reduce_add_ps(total));
    scaled(on_trunk, trunk_room, inverse, trunk);
    scaled(on_own, own_room, inverse, own);
}

// Memory of one thread, for trees of at most `queries` queries a head group. A strip of 16 rows writes past the rows of
// its branch; the next branch's strip writes over that.
struct Scratch {
    Scratch(int64_t queries, int64_t d, int64_t depth, int64_t capacity)
        : query((queries + 16) * d), weights(queries * depth), own_weights((queries + 16) * capacity),
          scores(queries * depth), own_scores((queries + 16) * capacity), out((queries + 16) * d) {
        std::fill_n(own_weights.get(), (queries + 16) * capacity, bf16{0});
    }
    Packed<bf16> query, weights, own_weights;
    Packed<float> scores, own_scores, out;
};

// qkv [rows, (heads + 2 kv) d]: queries, keys and values of the new tokens, not turned yet; cosine and sine [rows, d].
// trunk_keys, trunk_values [places, kv, depth d] and keys, values [slots, kv, capacity d] in tiles; depth and capacity
// are multiples of 32. slots, lengths (own tokens, the newest included), depths (tokens of the trunk) [rows]; starts
// [trees + 1]: rows of one tree follow each other, and their branches are equally long. out [rows, heads d]. A trunk has
// at most n branches.
extern "C" void decode_attention_bf16(const bf16* qkv, const bf16* cosine, const bf16* sine, const bf16* trunk_keys,
                                      const bf16* trunk_values, bf16* keys, bf16* values, const int64_t* slots,
                                      const int64_t* lengths, const int64_t* depths, const int64_t* starts, bf16* out,
                                      int64_t trees, int64_t heads, int64_t kv, int64_t d, int64_t depth,
                                      int64_t capacity, int64_t n, float scale) {
    const int64_t shared = heads / kv, d_steps = d / SIDE, width = (heads + 2 * kv) * d;
#pragma omp parallel
    {
        const Tiles tiles;
        const Scratch held(up_to_side(n * shared), d, depth, capacity);
        bf16* const query = held.query.get();
#pragma omp for schedule(dynamic)
        for (int64_t task = 0; task < trees * kv; ++task) {
            const int64_t first = starts[task / kv], end = starts[task / kv + 1], group = task % kv;
            const int64_t queries = (end - first) * shared, padded = up_to_side(queries);
            const int64_t reach = depths[first], room = up_to_side(reach);
            const int64_t length = lengths[first], own_room = up_to_side(length);
            const auto columns = [&](const bf16* tiles) { return Pair{tiles, tiles + TILE, 64, SIDE * d}; };
            const auto branch = [&](int64_t row) { return (slots[row] * kv + group) * capacity * d; };
            for (int64_t row = first; row < end; ++row) {
                const bf16 *c = cosine + row * d, *s = sine + row * d, *from = qkv + row * width;
                for (int64_t h = 0; h < shared; ++h)
                    turn(from + (group * shared + h) * d, c, s, d, query + ((row - first) * shared + h) * d);
                alignas(64) bf16 key[512];
                turn(from + (heads + group) * d, c, s, d, key);
                put_key(keys + branch(row), length - 1, d, key);
                put_value(values + branch(row), length - 1, d, from + (heads + kv + group) * d);
            }
            std::fill(query + queries * d, query + (padded + 16) * d, bf16{0});
            const int64_t stem = (slots[first] / n * kv + group) * depth * d;
            for (int64_t q = 0; q < padded; q += SIDE)
                for (int64_t j = 0; j < room; j += SIDE)
                    product(rows_of(query + q * d, d), packed_pair(trunk_keys + stem + j * d, d_steps), d_steps,
                            held.scores.get() + q * room + j, room, false);
            for (int64_t row = first; row < end; ++row)
                for (int64_t j = 0; j < own_room; j += SIDE)
                    strip(query + (row - first) * shared * d, d, packed_pair(keys + branch(row) + j * d, d_steps),
                          d_steps, held.own_scores.get() + (row - first) * shared * own_room + j, own_room);
            for (int64_t q = 0; q < queries; ++q)
                weigh(held.scores.get() + q * room, reach, room, held.own_scores.get() + q * own_room, length, own_room,
                      scale, held.weights.get() + q * room, held.own_weights.get() + q * own_room);
            std::fill(held.weights.get() + queries * room, held.weights.get() + padded * room, bf16{0});
            for (int64_t row = first; row < end; ++row)
                for (int64_t i = 0; i < d; i += SIDE)
                    strip(held.own_weights.get() + (row - first) * shared * own_room, own_room,
                          columns(values + branch(row) + i * SIDE), own_room / SIDE,
                          held.out.get() + (row - first) * shared * d + i, d);
            for (int64_t q = 0; q < padded; q += SIDE)
                for (int64_t i = 0; i < d; i += SIDE)
                    product(rows_of(held.weights.get() + q * room, room), columns(trunk_values + stem + i * SIDE),
                            room / SIDE, held.out.get() + q * d + i, d, true);
            for (int64_t row = first; row < end; ++row)
                scaled(held.out.get() + (row - first) * shared * d, shared * d, _mm512_set1_ps(1.0f),
                       out + (row * heads + group * shared) * d);
        }
    }
}
#endif
