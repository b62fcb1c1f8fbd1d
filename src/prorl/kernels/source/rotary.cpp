// Rotary position embedding of heads, pairing dimension i with i + d/2; back = 1 is the gradient (the turn back).
#include "lanes.h"

// x [tokens, heads, d], a token's heads `stride` apart; cosine and sine [tokens, d]; y [tokens, heads, d], whole.
template <class T>
static void rotary_of(const T* x, const T* cosine, const T* sine, T* y, int64_t tokens, int64_t heads, int64_t d,
                      int64_t stride, int32_t back) {
    const int64_t half = d / 2;
#pragma omp parallel for schedule(static)
    for (int64_t token = 0; token < tokens; ++token) {
        const T* c = cosine + token * d;
        const T* s = sine + token * d;
        for (int64_t head = 0; head < heads; ++head) {
            const T* from = x + token * stride + head * d;
            T* to = y + (token * heads + head) * d;
            ALONG
            for (int64_t i = 0; i < half; i += LANES) {
                const Mask mask = here(half - i);
                const Lanes a = load(from + i, mask), b = load(from + half + i, mask);
                const Lanes ca = load(c + i, mask), cb = load(c + half + i, mask);
                const Lanes sa = load(s + i, mask), sb = load(s + half + i, mask);
                save(to + i, mask, back ? a * ca + b * sb : a * ca - b * sa);
                save(to + half + i, mask, back ? b * cb - a * sa : b * cb + a * sb);
            }
        }
    }
}

#define ROTARY(T)                                                                                             \
    (const T* x, const T* cosine, const T* sine, T* y, int64_t tokens, int64_t heads, int64_t d, int64_t stride, \
     int32_t back)
FOR_BOTH_TYPES(rotary, ROTARY, (x, cosine, sine, y, tokens, heads, d, stride, back))
