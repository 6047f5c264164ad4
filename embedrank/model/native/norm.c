/* Root mean square norms, and norms of heads with their rotation, each in one pass over memory.
 *
 * Sums run in float32 and in an order that depends on the row's size only: no row knows its neighbours.
 * Sources: arXiv 1910.07467 (norm), arXiv 2104.09864 (rotation, half-split form).
 */

#include "vectors.h"

#define FEW 65536 /* numbers that one thread is done with before others would have woken */

/* 1 / sqrt(mean of squares + eps) */
INLINE float scale_of(const void *row, int64_t size, int type, float eps) {
    vec even = {}, odd = {};
    int64_t i = 0;
    for (; i + 2 * LANES <= size; i += 2 * LANES) {
        vec first = load(row, i, type), second = load(row, i + LANES, type);
        even += first * first;
        odd += second * second;
    }
    float total = sum_of(even + odd);
    for (; i < size; i++) {
        float number = load_one(row, i, type);
        total += number * number;
    }
    return 1.0f / __builtin_sqrtf(total / (float)size + eps);
}

INLINE void normalise(const void *row, const void *weight, void *out, int64_t size, int type, float eps) {
    float scale = scale_of(row, size, type, eps);
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) store(out, i, type, load(row, i, type) * scale * load(weight, i, type));
    for (; i < size; i++) store_one(out, i, type, load_one(row, i, type) * scale * load_one(weight, i, type));
}

INLINE void normalise_and_rotate(
    const void *head, const void *weight, const void *cosines, const void *sines, void *out, int64_t size, int type,
    float eps) {
    float scale = scale_of(head, size, type, eps);
    int64_t half = size / 2, i = 0;
    for (; i + LANES <= half; i += LANES) {
        vec first = load(head, i, type) * scale * load(weight, i, type);
        vec second = load(head, half + i, type) * scale * load(weight, half + i, type);
        vec cosine = load(cosines, i, type), sine = load(sines, i, type);
        store(out, i, type, first * cosine - second * sine);
        store(out, half + i, type, second * cosine + first * sine);
    }
    for (; i < half; i++) {
        float first = load_one(head, i, type) * scale * load_one(weight, i, type);
        float second = load_one(head, half + i, type) * scale * load_one(weight, half + i, type);
        float cosine = load_one(cosines, i, type), sine = load_one(sines, i, type);
        store_one(out, i, type, first * cosine - second * sine);
        store_one(out, half + i, type, second * cosine + first * sine);
    }
}

INLINE const void *row_of(const void *states, int64_t row, int64_t size, int type) {
    return (const char *)states + row * size * (type == BFLOAT16 ? 2 : 4);
}

/* `out` may be `states` here and below. */
void embedrank_norm(
    const void *states, const void *weight, void *out, int64_t rows, int64_t size, int type, float eps, int threads) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 64) if (threads > 1 && rows * size > FEW)
    for (int64_t row = 0; row < rows; row++) {
        const void *from = row_of(states, row, size, type);
        void *to = (void *)row_of(out, row, size, type);
        if (type == BFLOAT16) normalise(from, weight, to, size, BFLOAT16, eps);
        else normalise(from, weight, to, size, FLOAT32, eps);
    }
}

void embedrank_norm_rotate(
    const void *states, const void *weight, const void *cosines, const void *sines, void *out, int64_t tokens,
    int64_t heads, int64_t size, int type, float eps, int threads) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16) if (threads > 1 && tokens * heads * size > FEW)
    for (int64_t token = 0; token < tokens; token++) {
        const void *cosine = row_of(cosines, token, size / 2, type), *sine = row_of(sines, token, size / 2, type);
        for (int64_t head = token * heads; head < (token + 1) * heads; head++) {
            const void *from = row_of(states, head, size, type);
            void *to = (void *)row_of(out, head, size, type);
            if (type == BFLOAT16) normalise_and_rotate(from, weight, cosine, sine, to, size, BFLOAT16, eps);
            else normalise_and_rotate(from, weight, cosine, sine, to, size, FLOAT32, eps);
        }
    }
}
