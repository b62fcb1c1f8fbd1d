// Numbers: fp32 for all arithmetic, bf16 or fp32 in memory; and an exponential that compilers vectorise.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

struct bf16 {
    uint16_t bits;
};

inline float wide(float value) { return value; }

inline float wide(bf16 value) {
    const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
}

template <class T> inline T narrow(float value);

template <> inline float narrow<float>(float value) { return value; }

// To the nearest bf16, ties to even, as the tensor library rounds; NaN stays NaN.
template <> inline bf16 narrow<bf16>(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    return {static_cast<uint16_t>(value != value ? 0x7fc0u : rounded)};
}

template <class T> inline float rounded(float value) { return wide(narrow<T>(value)); }

// e^x to about 1e-7 of its value; 0 below -87. Splits x into n log 2 + r and takes e^r as a polynomial.
inline float exponential(float x) {
    const float bounded = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
    const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    const float n = (bounded * 1.44269504f + shift) - shift;
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = (p * r) * r + r + 1.0f;
    const int32_t exponent = (static_cast<int32_t>(n) + 127) << 23;
    float scale;
    std::memcpy(&scale, &exponent, sizeof scale);
    return x < -87.0f ? 0.0f : p * scale;
}

// Every kernel comes for both types in memory: NAME_f32 and NAME_bf16.
#define FOR_BOTH_TYPES(name, parameters, arguments)                                   \
    extern "C" void name##_f32 parameters(float) { name##_of<float> arguments; }      \
    extern "C" void name##_bf16 parameters(bf16) { name##_of<bf16> arguments; }
