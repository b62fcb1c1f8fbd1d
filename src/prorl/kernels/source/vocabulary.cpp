// What is done with logits [rows, vocabulary]: drawing a token, log-probabilities with entropies, and their gradient.
// The distribution is always softmax(logits / temperature). `rest` is null, or holds what rounding took from the logits.
#include "numbers.h"
#include <algorithm>
#include <limits>

static constexpr int64_t BLOCK = 256;  // summed in fp32; sums of blocks are added up in fp64

template <class T> static inline float whole(const T* logits, const T* rest, int64_t i) {
    return rest ? wide(logits[i]) + wide(rest[i]) : wide(logits[i]);
}

template <class T> static float largest(const T* logits, const T* rest, int64_t vocabulary) {
    float most = -std::numeric_limits<float>::infinity();
    if (rest) {
#pragma omp simd reduction(max : most)
        for (int64_t i = 0; i < vocabulary; ++i) most = std::max(most, wide(logits[i]) + wide(rest[i]));
    } else {
#pragma omp simd reduction(max : most)
        for (int64_t i = 0; i < vocabulary; ++i) most = std::max(most, wide(logits[i]));
    }
    return most;
}

template <class T> static float weigh(const T* logits, const T* rest, int64_t count, float most, float inverse) {
    float sum = 0;
    if (rest) {
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < count; ++i) sum += exponential((wide(logits[i]) + wide(rest[i]) - most) * inverse);
    } else {
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < count; ++i) sum += exponential((wide(logits[i]) - most) * inverse);
    }
    return sum;
}

// The token at which the cumulative distribution passes uniform [rows] (in [0, 1)), and its log-probability.
template <class T>
static void draw_of(const T* all, const T* rests, const double* uniform, int64_t* tokens, float* logprobs, int64_t rows,
                    int64_t vocabulary, float temperature) {
    const float inverse = 1.0f / temperature;
    const int64_t blocks = (vocabulary + BLOCK - 1) / BLOCK;
#pragma omp parallel
    {
        float* sums = new float[blocks];
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; ++row) {
            const T* logits = all + row * vocabulary;
            const T* rest = rests ? rests + row * vocabulary : nullptr;
            const float most = largest(logits, rest, vocabulary);
            double total = 0;
            for (int64_t b = 0; b < blocks; ++b) {
                const int64_t first = b * BLOCK;
                sums[b] = weigh(logits + first, rest ? rest + first : nullptr, std::min(BLOCK, vocabulary - first), most,
                                inverse);
                total += sums[b];
            }
            const double aim = uniform[row] * total;
            double before = 0;
            int64_t block = 0;
            while (block + 1 < blocks && before + sums[block] <= aim) before += sums[block++];
            while (block > 0 && sums[block] <= 0) before -= sums[--block];
            const int64_t first = block * BLOCK, end = std::min(first + BLOCK, vocabulary);
            int64_t chosen = first;
            for (int64_t i = first; i < end; ++i) {
                const float weight = exponential((whole(logits, rest, i) - most) * inverse);
                if (weight <= 0) continue;
                chosen = i;
                before += weight;
                if (before > aim) break;
            }
            tokens[row] = chosen;
            logprobs[row] = static_cast<float>((whole(logits, rest, chosen) - most) * inverse - std::log(total));
        }
        delete[] sums;
    }
}

// Of each row: the log-probability of its target, the log of the normaliser, and the entropy, in nats.
template <class T>
static void logprobs_of(const T* all, const T* rests, const int64_t* targets, float* logprobs, float* normalizers, float* entropies,
                        int64_t rows, int64_t vocabulary, float temperature) {
    const float inverse = 1.0f / temperature;
#pragma omp parallel
    {
        float* z = new float[BLOCK];
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; ++row) {
            const T* logits = all + row * vocabulary;
            const T* rest = rests ? rests + row * vocabulary : nullptr;
            const float most = largest(logits, rest, vocabulary);
            double total = 0, along = 0;
            for (int64_t first = 0; first < vocabulary; first += BLOCK) {
                const int64_t count = std::min(BLOCK, vocabulary - first);
                if (rest) {
#pragma omp simd
                    for (int64_t i = 0; i < count; ++i)
                        z[i] = (wide(logits[first + i]) + wide(rest[first + i]) - most) * inverse;
                } else {
#pragma omp simd
                    for (int64_t i = 0; i < count; ++i) z[i] = (wide(logits[first + i]) - most) * inverse;
                }
                float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
                for (int64_t i = 0; i < count; ++i) {
                    const float weight = exponential(z[i]);
                    sum += weight;
                    product += weight > 0 ? weight * z[i] : 0.0f;
                }
                total += sum;
                along += product;
            }
            const double log_total = std::log(total);
            normalizers[row] = static_cast<float>(most * inverse + log_total);
            logprobs[row] = static_cast<float>((whole(logits, rest, targets[row]) - most) * inverse - log_total);
            entropies[row] = static_cast<float>(log_total - along / total);
        }
        delete[] z;
    }
}

// Turns logits into the loss's slope along them, in place, from its slopes along log-probabilities and entropies.
template <class T>
static void logprobs_backward_of(T* all, const T* rests, const int64_t* targets, const float* normalizers,
                                 const float* entropies, const float* grad_logprobs, const float* grad_entropies,
                                 int64_t rows, int64_t vocabulary, float temperature) {
    const float inverse = 1.0f / temperature;
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < rows; ++row) {
        T* logits = all + row * vocabulary;
        const T* rest = rests ? rests + row * vocabulary : nullptr;
        const float normalizer = normalizers[row], entropy = entropies[row];
        const float through = grad_logprobs[row], spread = grad_entropies[row];
        const int64_t target = targets[row];
        const float chosen_log = whole(logits, rest, target) * inverse - normalizer;
        const float chosen = exponential(chosen_log);
        const auto slope_at = [=](float logit) {
            const float log = logit * inverse - normalizer, weight = exponential(log);
            const float slope = -weight * (through + spread * (log + entropy)) * inverse;
            return narrow<T>(weight > 0 ? slope : 0.0f);
        };
        if (rest) {
#pragma omp simd
            for (int64_t i = 0; i < vocabulary; ++i) logits[i] = slope_at(wide(logits[i]) + wide(rest[i]));
        } else {
#pragma omp simd
            for (int64_t i = 0; i < vocabulary; ++i) logits[i] = slope_at(wide(logits[i]));
        }
        const float bend = chosen > 0 ? spread * chosen * (chosen_log + entropy) : 0.0f;
        logits[target] = narrow<T>((through * (1.0f - chosen) - bend) * inverse);
    }
}

#define DRAW(T)                                                                                          \
    (const T* all, const T* rests, const double* uniform, int64_t* tokens, float* logprobs, int64_t rows, int64_t vocabulary, \
     float temperature)
FOR_BOTH_TYPES(draw, DRAW, (all, rests, uniform, tokens, logprobs, rows, vocabulary, temperature))

#define LOGPROBS(T)                                                                                        \
    (const T* all, const T* rests, const int64_t* targets, float* logprobs, float* normalizers, float* entropies, int64_t rows, \
     int64_t vocabulary, float temperature)
FOR_BOTH_TYPES(logprobs, LOGPROBS, (all, rests, targets, logprobs, normalizers, entropies, rows, vocabulary, temperature))

#define LOGPROBS_BACKWARD(T)                                                                             \
    (T* all, const T* rests, const int64_t* targets, const float* normalizers, const float* entropies,   \
     const float* grad_logprobs, const float* grad_entropies, int64_t rows, int64_t vocabulary, float temperature)
FOR_BOTH_TYPES(logprobs_backward, LOGPROBS_BACKWARD,
               (all, rests, targets, normalizers, entropies, grad_logprobs, grad_entropies, rows, vocabulary, temperature))
