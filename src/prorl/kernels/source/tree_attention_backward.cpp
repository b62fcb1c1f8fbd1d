// Gradients of attention of packed trees.
#include "tree_slopes.h"
#ifdef TILES

static float dot(const bf16* one, const bf16* other, int64_t count) {
    const auto load = [](const bf16* from) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(from)); };
    __m512 sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < count; i += SIDE) sum = _mm512_dpbf16_ps(sum, load(one + i), load(other + i));
    return _mm512_reduce_add_ps(sum);
}

// Rows [count, d] times a factor.
static void put_dense(const float* from, int64_t count, int64_t d, float factor, bf16* to, int64_t stride) {
    for (int64_t r = 0; r < count; ++r)
        for (int64_t i = 0; i < d; i += 16)
            store_narrow(to + r * stride + i, _mm512_mul_ps(_mm512_load_ps(from + r * d + i), _mm512_set1_ps(factor)));
}

namespace {
// A slab's rows of queries and of what belongs to them.
struct Given {
    Heads<const bf16> query, out, grad;
    Heads<const float> logs;
    Heads<bf16> grad_query;
};
}  // namespace

// The gradients of a slab's queries, and sums for its keys and values.
static void through(const Keys& own, Slopes& held, const Slab& slab, const int64_t* begins, const Given& given,
                    float scale) {
    const int64_t d = held.d, shared = given.query.shared, rows = (slab.end - slab.first) * shared;
    alignas(64) float factors[SIDE];
    std::fill_n(factors, SIDE, scale);
    for (int64_t row = 0; row < rows; row += ROWS) {
        const int64_t there = std::min(ROWS, rows - row);
        held.query.fill(given.query, row, there);
        held.grad.fill(given.grad, row, there);
        std::fill_n(held.logs, ROWS, 0.0f);
        std::fill_n(held.deltas, ROWS, 0.0f);
        given.logs.each(row, there, [&](int64_t r, const float* log) { held.logs[r] = *log; });
        given.out.each(row, there, [&](int64_t r, const bf16* out) {
            held.deltas[r] = dot(held.grad.rows.get() + r * d, out, d);
        });
        held.sights.clear();
        for (int64_t r = 0; r < there; r += SIDE) held.sights.emplace_back(slab, begins, row + r, shared);
        for (int64_t run = 0; run < 2; ++run) {
            int64_t first = own.blocks, last = 0;
            for (const Sight& sight : held.sights) {
                if (sight.end[run]) first = std::min(first, sight.first[run]);
                last = std::max(last, sight.end[run]);
            }
            for (; first < last; first += CHUNK) {
                const int64_t end = std::min(first + CHUNK, last);
                for (int64_t block = first; block < end; ++block)
                    onto_keys(own, held, run, block, block - first, scale);
                onto_queries(own, held, run, first, end);
            }
        }
        for (int64_t r = 0; r < there; r += SIDE)
            put_rows(held.grad_query.get() + r * d, factors, given.grad_query, row + r, std::min(SIDE, there - r));
    }
}

// Everything as in `tree_attention`; out and grad_out [tokens, heads d]; the gradients are as query, key and value, but
// dense. Slabs of one tree follow each other; what they add to their trunk is summed up at the end, always in the same order.
extern "C" void tree_attention_backward_bf16(const bf16* query, const bf16* key, const bf16* value, const bf16* out,
                                             const float* logs, const bf16* grad_out, const Slab* slabs,
                                             const int64_t* begins, bf16* grad_query, bf16* grad_key, bf16* grad_value,
                                             int64_t count, int64_t heads, int64_t kv, int64_t d, int64_t query_stride,
                                             int64_t key_stride, int64_t value_stride, float scale) {
    const int64_t shared = heads / kv, room = most_keys(slabs, count), width = kv * d;
    bf16* const grads[2] = {grad_key, grad_value};
    const float factors[2] = {scale, 1.0f};
    const auto same_tree = [&](int64_t s, int64_t other) {
        return other >= 0 && other < count && slabs[s].trunk == slabs[other].trunk;
    };
    const auto alone = [&](int64_t s) { return !same_tree(s, s - 1) && !same_tree(s, s + 1); };
    int64_t part = 0;  // numbers that a slab may add to a trunk that others add to
    for (int64_t s = 0; s < count; ++s) part = std::max(part, alone(s) ? 0 : slabs[s].depth() * d);
    const Packed<float> parts(2 * count * kv * part);
#pragma omp parallel
    {
        const Tiles tiles;
        Keys own(room, d);
        Slopes held(d);
#pragma omp for schedule(dynamic)
        for (int64_t task = 0; task < count * kv; ++task) {
            const Slab& slab = slabs[task / kv];
            const int64_t group = task % kv, head = slab.first * heads + group * shared;
            const Given given{{query + slab.first * query_stride + group * shared * d, query_stride, shared, d},
                             {out + head * d, heads * d, shared, d},
                             {grad_out + head * d, heads * d, shared, d},
                             {logs + head, heads, shared, 1},
                             {grad_query + head * d, heads * d, shared, d}};
            own.fill(slab, {key + group * d, key_stride, 1, d}, {value + group * d, value_stride, 1, d});
            through(own, held, slab, begins, given, scale);
            for (int64_t which = 0; which < 2; ++which) {
                const float* sums = own.sums[which].get();
                bf16* const to = grads[which] + group * d;
                const int64_t branches = slab.end - slab.own();
                put_dense(sums + slab.stem() * d, branches, d, factors[which], to + slab.own() * width, width);
                if (alone(task / kv))
                    put_dense(sums, slab.depth(), d, factors[which], to + slab.trunk * width, width);
                else
                    std::copy_n(sums, slab.depth() * d, parts.get() + (2 * task + which) * part);
            }
        }
#pragma omp for schedule(dynamic)
        for (int64_t task = 0; task < count * kv; ++task) {
            const int64_t s = task / kv, group = task % kv;
            if (alone(s) || same_tree(s, s + 1)) continue;  // the last of several
            for (int64_t which = 0; which < 2; ++which) {
                float* const sums = parts.get() + (2 * task + which) * part;
                for (int64_t other = s - 1; same_tree(s, other); --other) {
                    const float* more = parts.get() + (2 * (other * kv + group) + which) * part;
                    for (int64_t i = 0; i < slabs[other].depth() * d; ++i) sums[i] += more[i];
                }
                bf16* const to = grads[which] + slabs[s].trunk * width + group * d;
                put_dense(sums, slabs[s].depth(), d, factors[which], to, width);
            }
        }
    }
}
#endif
