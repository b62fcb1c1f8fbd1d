// Numbers side by side in one register, for loops along rows that are written once for all processors.
//
// With AVX-512 and its bf16 instructions there are 16, the last ones of a row masked. Elsewhere there is one, and ALONG
// asks the compiler to put as many together as it can; ALONG_SUM where the loop adds up.
#pragma once
#include "numbers.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512BF16__)
#define WIDE_LANES 1
#include <immintrin.h>
#include <initializer_list>
#define ALONG
#define ALONG_SUM(total)

using Lanes = __m512;
using Mask = __mmask16;
constexpr int64_t LANES = 16;

// The first of `left` numbers, as many as fit.
inline Mask here(int64_t left) { return left >= LANES ? 0xffff : (1u << left) - 1; }

inline Lanes all(float value) { return _mm512_set1_ps(value); }

inline float sum_of(Lanes numbers) { return _mm512_reduce_add_ps(numbers); }

inline Lanes widened(__m256i bits) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16)); }

inline __m256i narrowed(Lanes numbers) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(numbers)); }

inline Lanes load(const float* from, Mask mask) { return _mm512_maskz_loadu_ps(mask, from); }

inline Lanes load(const bf16* from, Mask mask) { return widened(_mm256_maskz_loadu_epi16(mask, from)); }

inline void save(float* to, Mask mask, Lanes numbers) { _mm512_mask_storeu_ps(to, mask, numbers); }

inline void save(bf16* to, Mask mask, Lanes numbers) { _mm256_mask_storeu_epi16(to, mask, narrowed(numbers)); }

// As they are when stored as T.
template <class T> inline Lanes stored(Lanes numbers);

template <> inline Lanes stored<float>(Lanes numbers) { return numbers; }

template <> inline Lanes stored<bf16>(Lanes numbers) { return widened(narrowed(numbers)); }

// `exponential` of each.
inline Lanes exponential(Lanes x) {
    const Lanes bounded = _mm512_min_ps(_mm512_max_ps(x, all(-87.0f)), all(88.0f));
    const Lanes n = _mm512_roundscale_ps(_mm512_mul_ps(bounded, all(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
    Lanes r = _mm512_fnmadd_ps(n, all(0.693359375f), bounded);
    r = _mm512_fmadd_ps(n, all(2.12194440e-4f), r);
    Lanes p = all(1.9875691500e-4f);
    for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
        p = _mm512_fmadd_ps(p, r, all(c));
    p = _mm512_add_ps(_mm512_fmadd_ps(_mm512_mul_ps(p, r), r, r), all(1.0f));
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, all(-87.0f), _CMP_GE_OQ), p, n);
}
#else
#define PRAGMA(text) _Pragma(#text)
#define ALONG PRAGMA(omp simd)
#define ALONG_SUM(total) PRAGMA(omp simd reduction(+ : total))

using Lanes = float;
using Mask = bool;
constexpr int64_t LANES = 1;

inline Mask here(int64_t) { return true; }

inline Lanes all(float value) { return value; }

inline float sum_of(Lanes number) { return number; }

template <class T> inline Lanes load(const T* from, Mask) { return wide(*from); }

template <class T> inline void save(T* to, Mask, Lanes number) { *to = narrow<T>(number); }

template <class T> inline Lanes stored(Lanes number) { return rounded<T>(number); }
#endif
