// total += part over a whole tensor, where the total is fp32 and the part may be bf16.
#include "numbers.h"

template <class T> static void add_up_of(float* total, const T* part, int64_t count) {
#pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < count; ++i) total[i] += wide(part[i]);
}

#define ADD_UP(T) (float* total, const T* part, int64_t count)
FOR_BOTH_TYPES(add_up, ADD_UP, (total, part, count))
