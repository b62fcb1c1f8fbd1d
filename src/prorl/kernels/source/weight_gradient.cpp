// total [outputs, inputs] = or += grad' x, for grad [tokens, outputs] and x [tokens, inputs], summed in fp32.
#include "tiles.h"

#ifdef TILES
static constexpr int64_t TOKENS = 512;  // packed at a time, so that both factors stay in the second cache

extern "C" void weight_gradient_bf16(const bf16* grad, const bf16* x, float* total, int64_t tokens, int64_t outputs,
                                     int64_t inputs, int64_t grad_stride, int64_t x_stride, int32_t add) {
    const int64_t most = std::min(up_to_side(tokens), TOKENS) / SIDE;
    const Packed<bf16> turned(outputs / 16 * most * TILE), down(inputs / 16 * most * TILE);
#pragma omp parallel
    {
        const Tiles tiles;
        for (int64_t first = 0; first < tokens; first += TOKENS) {
            const int64_t count = std::min(TOKENS, tokens - first), steps = up_to_side(count) / SIDE;
#pragma omp for schedule(static) nowait
            for (int64_t tile = 0; tile < outputs / 16; ++tile)
                for (int64_t s = 0; s < steps; ++s)
                    pack_turned(grad + (first + s * SIDE) * grad_stride + tile * 16, grad_stride, count - s * SIDE,
                                turned.get() + (tile * steps + s) * TILE);
#pragma omp for schedule(static)
            for (int64_t tile = 0; tile < inputs / 16; ++tile)
                for (int64_t s = 0; s < steps; ++s)
                    pack_down(x + (first + s * SIDE) * x_stride + tile * 16, x_stride, count - s * SIDE,
                              down.get() + (tile * steps + s) * TILE);
#pragma omp for schedule(static)
            for (int64_t o = 0; o < outputs; o += SIDE)
                for (int64_t i = 0; i < inputs; i += SIDE)
                    product(packed_pair(turned.get() + o / 16 * steps * TILE, steps),
                            packed_pair(down.get() + i / 16 * steps * TILE, steps), steps, total + o * inputs + i,
                            inputs, add || first);
        }
    }
}
#endif
