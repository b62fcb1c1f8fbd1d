// Matrix products on the processor's tile unit (AMX): bf16 factors, fp32 sums, in blocks of 32 x 32.
//
// A block is a left factor of 32 rows times a right factor of 32 columns, in steps of 32 along what is summed over.
// A left tile is 16 rows of 32 numbers; a right tile is 16 pairs of neighbours along the sum, for 16 columns. Packed,
// either takes 512 numbers.
#pragma once
#include "lanes.h"
#if defined(WIDE_LANES) && defined(__AMX_BF16__) && defined(__AVX512VBMI__) && defined(__linux__)
#define TILES 1
#include <algorithm>
#include <immintrin.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>

constexpr int64_t TILE = 512, SIDE = 32;

inline int64_t up_to_side(int64_t count) { return (count + SIDE - 1) / SIDE * SIDE; }

// The system gives a process the tile unit when asked.
inline bool tiles_granted() { return syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18) == 0; }

// Sets this thread's tiles up, and puts back what it found; other libraries use them too.
class Tiles {
  public:
    Tiles() {
        _tile_storeconfig(before_);
        alignas(64) uint8_t wanted[64] = {1};
        for (int tile = 0; tile < 8; ++tile) {
            wanted[16 + 2 * tile] = 64;  // bytes a row
            wanted[48 + tile] = 16;      // rows
        }
        _tile_loadconfig(wanted);
    }
    ~Tiles() { before_[0] ? _tile_loadconfig(before_) : _tile_release(); }

  private:
    alignas(64) uint8_t before_[64];
};

// Memory for packed numbers, on cache lines.
template <class T> class Packed {
  public:
    explicit Packed(int64_t count)
        : data_(static_cast<T*>(std::aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64))) {}
    T* get() const { return data_.get(); }

  private:
    struct Free {
        void operator()(T* at) const { std::free(at); }
    };
    std::unique_ptr<T, Free> data_;
};

inline __m512 load_wide(const bf16* from) { return load(from, 0xffff); }

inline __m512 rounded(__m512 numbers) { return stored<bf16>(numbers); }

inline void store_narrow(bf16* to, __m512 numbers) { save(to, 0xffff, numbers); }

// Two rows of 16 numbers in bf16, one after the other.
inline __m512i rounded_rows(__m512 first, __m512 second) {
    return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}

inline void store_rows(bf16* to, int64_t width, __m512i rows) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(rows));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + width), _mm512_extracti64x4_epi64(rows, 1));
}

// Two such rows as pairs: a row of a right tile that sums along columns.
inline __m512i paired(__m512i rows) {
    struct Order {
        alignas(64) uint8_t bytes[64] = {};
        constexpr Order() {
            for (int i = 0; i < 64; ++i) bytes[i] = i / 4 * 2 + i % 2 + i % 4 / 2 * 32;
        }
    };
    static constexpr Order order;
    return _mm512_permutexvar_epi8(_mm512_load_si512(order.bytes), rows);
}

// A factor's two tiles side by side: where they begin, bytes from row to row, and numbers from step to step.
struct Pair {
    const bf16 *first, *second;
    int64_t stride, step;

    Pair after(int64_t steps) const { return {first + steps * step, second + steps * step, stride, step}; }
};

inline Pair rows_of(const bf16* matrix, int64_t width) {
    return {matrix, matrix + 16 * width, width * static_cast<int64_t>(sizeof(bf16)), SIDE};
}

// Two neighbouring tiles packed with `steps` steps each.
inline Pair packed_pair(const bf16* tiles, int64_t steps) { return {tiles, tiles + steps * TILE, 64, TILE}; }

// out [32, 32], `stride` floats from row to row, is the product, or is added to it.
inline void product(const Pair& left, const Pair& right, int64_t steps, float* out, int64_t stride, bool add) {
    const int64_t bytes = stride * sizeof(float);
    float* below = out + 16 * stride;
    if (add) {
        _tile_loadd(0, out, bytes);
        _tile_loadd(1, out + 16, bytes);
        _tile_loadd(2, below, bytes);
        _tile_loadd(3, below + 16, bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int64_t s = 0; s < steps; ++s) {
        _tile_loadd(4, left.first + s * left.step, left.stride);
        _tile_loadd(6, right.first + s * right.step, right.stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, right.second + s * right.step, right.stride);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, left.second + s * left.step, left.stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, out, bytes);
    _tile_stored(1, out + 16, bytes);
    _tile_stored(2, below, bytes);
    _tile_stored(3, below + 16, bytes);
}

// 16 x 16 numbers of 32 bits, rows to columns.
inline void transpose(__m512i rows[16]) {
    __m512i half[16];
    for (int i = 0; i < 16; i += 2) {
        half[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        half[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        rows[i] = _mm512_unpacklo_epi64(half[i], half[i + 2]);
        rows[i + 1] = _mm512_unpackhi_epi64(half[i], half[i + 2]);
        rows[i + 2] = _mm512_unpacklo_epi64(half[i + 1], half[i + 3]);
        rows[i + 3] = _mm512_unpackhi_epi64(half[i + 1], half[i + 3]);
    }
    for (int i = 0; i < 4; ++i) {
        half[i] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0x88);
        half[i + 4] = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0xdd);
        half[i + 8] = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0x88);
        half[i + 12] = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0xdd);
    }
    for (int i = 0; i < 8; ++i) {
        rows[i] = _mm512_shuffle_i32x4(half[i], half[i + 8], 0x88);
        rows[i + 8] = _mm512_shuffle_i32x4(half[i], half[i + 8], 0xdd);
    }
}

inline void store_tile(const __m512i rows[16], bf16* tile) {
    for (int i = 0; i < 16; ++i) _mm512_store_si512(tile + 32 * i, rows[i]);
}

// A right tile that sums along the rows' own direction: 16 rows (of which `there` exist) of 32 numbers each.
inline void pack_across(const bf16* from, int64_t width, int64_t there, bf16* tile) {
    __m512i rows[16];
    for (int i = 0; i < 16; ++i) rows[i] = i < there ? _mm512_loadu_si512(from + i * width) : _mm512_setzero_si512();
    transpose(rows);
    store_tile(rows, tile);
}

// Pairs of 16 rows' neighbours below, 32 rows (of which `there` exist) of 16 columns.
inline void pair_rows(const bf16* from, int64_t width, int64_t there, __m512i pairs[16]) {
    for (int i = 0; i < 16; ++i) {
        const bf16* at = from + 2 * i * width;
        const __m256i none = _mm256_setzero_si256();
        const __m256i even = 2 * i < there ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)) : none;
        const __m256i odd = 2 * i + 1 < there ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + width)) : none;
        pairs[i] = paired(_mm512_inserti64x4(_mm512_castsi256_si512(even), odd, 1));
    }
}

// A right tile that sums along columns.
inline void pack_down(const bf16* from, int64_t width, int64_t there, bf16* tile) {
    __m512i pairs[16];
    pair_rows(from, width, there, pairs);
    store_tile(pairs, tile);
}

// A left tile of the transposed matrix: its 16 rows are columns, and it sums along them.
inline void pack_turned(const bf16* from, int64_t width, int64_t there, bf16* tile) {
    __m512i pairs[16];
    pair_rows(from, width, there, pairs);
    transpose(pairs);
    store_tile(pairs, tile);
}
#endif
