/* Attention of sequences laid end to end, straight from the packed axis: no groups, no padding, no masks.
 *
 * A lane is one query of one head; lanes that share a key-value head are taken together, so that keys and values are
 * read once for all of them. Scores lie transposed, keys by lanes: then largest score and sum of a lane need no step
 * across a vector. Softmax goes on from block to block of keys, all in float32.
 *
 * What a lane sums, and in which order, depends on its own keys only: no query knows its neighbours.
 * Source: arXiv 2205.14135 (blockwise softmax).
 */

#include <stdlib.h>

#include "vectors.h"

#define WIDTH (2 * LANES) /* lanes of a column: two vectors, so that the products wait for no register */
#if REGISTERS == 32
#define KEYS 12 /* keys of a tile of scores: 12 x 2 vectors of sums stay in registers */
#define QUERIES 8 /* lanes of a tile of results, likewise */
#else
#define KEYS 4
#define QUERIES 4
#endif
#define BLOCK 120 /* keys at once; a multiple of KEYS */
#define AHEAD 4 /* rows of keys and values asked for before they are read */
#define FEW (1 << 20) /* products of scores that one thread is done with before others would have woken */
#define COLUMNS 8 /* of lanes, that share what is laid out for a block of keys */

/* What a chunk is: neighbouring queries of one sequence. */
typedef struct {
    int64_t query, num_queries; /* first packed row of queries, and how many */
    int64_t key; /* first packed row of keys of the sequence */
    int64_t seen; /* own keys that the first query sees; each next sees `step` more */
} Chunk;

typedef struct {
    const void *queries, *keys, *values, *prefix_keys, *prefix_values;
    void *out;
    const Chunk *chunks;
    int64_t num_chunks, num_prefix, step, num_heads, num_groups, head_dim;
    float scale; /* of scores */
    int type, threads;
} Attention;

/* One thread's room. */
typedef struct {
    vec *queries; /* [column][dimension][2], scaled */
    float *mixed; /* [lane][padded dimension] */
    float *keys, *values; /* [key][padded dimension] */
    vec *scores; /* [key][2] */
    vec *tops, *totals; /* largest score and sum of weights so far, [column][2] */
    ivec *seen; /* keys that a lane sees, prefix included, [column][2] */
} Room;

INLINE int64_t padded(int64_t head_dim) { return (head_dim + WIDTH - 1) / WIDTH * WIDTH; }

/* Copies a row, in float32 and with zeros behind it. */
INLINE void lay(const void *from, int64_t index, int type, int64_t size, int64_t room, float *to) {
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES) *(loose_vec *)(to + i) = load(from, index + i, type);
    for (; i < size; i++) to[i] = load_one(from, index + i, type);
    for (; i < room; i++) to[i] = 0.0f;
}

INLINE void lay_keys_and_values(
    const Attention *a, const Chunk *chunk, int64_t group, int64_t start, int64_t count, int64_t size, int64_t room, Room *r) {
    for (int64_t i = 0; i < count; i++) {
        int64_t key = start + i;
        int own = key >= a->num_prefix;
        int64_t row = own ? chunk->key + key - a->num_prefix : key;
        int64_t index = (row * a->num_groups + group) * a->head_dim;
        int64_t ahead = (index + AHEAD * a->num_groups * a->head_dim) * (a->type == BFLOAT16 ? 2 : 4);
        if (own && i + AHEAD < count)
            for (int64_t byte = ahead; byte < ahead + size * (a->type == BFLOAT16 ? 2 : 4); byte += 64) {
                __builtin_prefetch((const char *)a->keys + byte, 0, 3);
                __builtin_prefetch((const char *)a->values + byte, 0, 3);
            }
        lay(own ? a->keys : a->prefix_keys, index, a->type, a->head_dim, room, r->keys + i * room);
        lay(own ? a->values : a->prefix_values, index, a->type, a->head_dim, room, r->values + i * room);
    }
}

/* Square of numbers turned over its diagonal, in steps of 1, 2, 4, ... places. */
INLINE void turn(vec square[LANES]) {
    UNROLL for (int step = 1; step < LANES; step *= 2) {
        ivec low, high;
        for (int lane = 0; lane < LANES; lane++) {
            low[lane] = lane & step ? LANES + lane - step : lane;
            high[lane] = lane & step ? LANES + lane : lane + step;
        }
        UNROLL for (int row = 0; row < LANES; row++)
            if (!(row & step)) {
                vec upper = square[row], lower = square[row + step];
                square[row] = __builtin_shuffle(upper, lower, low);
                square[row + step] = __builtin_shuffle(upper, lower, high);
            }
    }
}

/* Where a lane's numbers begin, in queries and results. */
INLINE int64_t place_of(const Attention *a, const Chunk *chunk, int64_t group, int64_t lane, int64_t size) {
    int64_t shared = a->num_heads / a->num_groups;
    return ((chunk->query + lane / shared) * a->num_heads + group * shared + lane % shared) * size;
}

/* Asks for the memory of a column's queries and results before they are needed. */
INLINE void fetch(const Attention *a, const Chunk *chunk, int64_t group, int64_t first, int64_t stop, int64_t size) {
    int64_t bytes = a->type == BFLOAT16 ? 2 : 4;
    for (int64_t lane = first; lane < stop; lane++) {
        int64_t start = place_of(a, chunk, group, lane, size) * bytes;
        for (int64_t byte = start; byte < start + size * bytes; byte += 64) {
            __builtin_prefetch((const char *)a->queries + byte, 0, 2);
            __builtin_prefetch((const char *)a->out + byte, 1, 2);
        }
    }
}

/* The queries of a column's lanes, scaled, dimension by dimension. Lanes past the last repeat it. */
INLINE void lay_queries(
    const Attention *a, const Chunk *chunk, int64_t group, int64_t column, int64_t num_lanes, int64_t size, Room *r) {
    int64_t shared = a->num_heads / a->num_groups;
    vec *to = r->queries + column * size * 2;
    for (int side = 0; side < 2; side++) {
        int64_t place[LANES];
        for (int i = 0; i < LANES; i++) {
            int64_t lane = column * WIDTH + side * LANES + i;
            if (lane >= num_lanes) lane = num_lanes - 1;
            place[i] = place_of(a, chunk, group, lane, size);
            r->seen[column * 2 + side][i] = (int32_t)(a->num_prefix + chunk->seen + lane / shared * a->step);
        }
        int64_t d = 0;
        for (; d + LANES <= size; d += LANES) {
            vec square[LANES];
            UNROLL for (int i = 0; i < LANES; i++) square[i] = load(a->queries, place[i] + d, a->type);
            turn(square);
            UNROLL for (int i = 0; i < LANES; i++) to[(d + i) * 2 + side] = square[i] * a->scale;
        }
        for (; d < size; d++)
            for (int i = 0; i < LANES; i++)
                to[d * 2 + side][i] = load_one(a->queries, place[i] + d, a->type) * a->scale;
        r->tops[column * 2 + side] = spread(-__builtin_inff());
        r->totals[column * 2 + side] = (vec){};
    }
}

INLINE void score(const vec *queries, const float *keys, int64_t count, int64_t size, int64_t room, vec *scores) {
    for (int64_t key = 0; key < count; key += KEYS, keys += KEYS * room) {
        vec sums[KEYS][2] = {};
        for (int64_t d = 0; d < size; d++) {
            vec first = queries[d * 2], second = queries[d * 2 + 1];
            UNROLL for (int i = 0; i < KEYS; i++) {
                sums[i][0] += first * keys[i * room + d];
                sums[i][1] += second * keys[i * room + d];
            }
        }
        UNROLL for (int i = 0; i < KEYS; i++) {
            scores[(key + i) * 2] = sums[i][0];
            scores[(key + i) * 2 + 1] = sums[i][1];
        }
    }
}

/* Scores to weights; returns in `fade` by how much what was summed before has to shrink. */
INLINE void weigh(vec *scores, int64_t start, int64_t count, int64_t column, int masked, Room *r, float *fade) {
    for (int side = 0; side < 2; side++) {
        vec *top = r->tops + column * 2 + side, *total = r->totals + column * 2 + side, highest = *top, sum = {};
        ivec seen = r->seen[column * 2 + side] - (int32_t)start;
        for (int64_t key = 0; key < count; key++) {
            vec *one = scores + key * 2 + side;
            if (masked) *one = pick(seen > (int32_t)key, *one, spread(-__builtin_inff()));
            highest = largest(*one, highest);
        }
        for (int64_t key = 0; key < count; key++) {
            vec weight = power_of_two(scores[key * 2 + side] - highest);
            scores[key * 2 + side] = weight;
            sum += weight;
        }
        vec shrink = power_of_two(*top - highest);
        *total = *total * shrink + sum;
        *top = highest;
        *(loose_vec *)(fade + side * LANES) = shrink;
    }
}

INLINE void mix(
    const vec *scores, const float *values, const float *fade, int64_t count, int64_t room, int first, float *mixed) {
    const float *weights = (const float *)scores;
    for (int64_t lane = 0; lane < WIDTH; lane += QUERIES)
        for (int64_t d = 0; d < room; d += WIDTH) {
            vec sums[QUERIES][2];
            UNROLL for (int i = 0; i < QUERIES; i++) {
                const vec *before = (const vec *)(mixed + (lane + i) * room + d);
                sums[i][0] = first ? (vec){} : before[0] * fade[lane + i];
                sums[i][1] = first ? (vec){} : before[1] * fade[lane + i];
            }
            for (int64_t key = 0; key < count; key++) {
                const vec *value = (const vec *)(values + key * room + d);
                vec low = value[0], high = value[1];
                UNROLL for (int i = 0; i < QUERIES; i++) {
                    float weight = weights[key * WIDTH + lane + i];
                    sums[i][0] += low * weight;
                    sums[i][1] += high * weight;
                }
            }
            UNROLL for (int i = 0; i < QUERIES; i++) {
                vec *after = (vec *)(mixed + (lane + i) * room + d);
                after[0] = sums[i][0];
                after[1] = sums[i][1];
            }
        }
}

INLINE void give(
    const Attention *a, const Chunk *chunk, int64_t group, int64_t first, int64_t stop, int64_t size, int64_t room,
    const Room *r) {
    const float *totals = (const float *)r->totals;
    for (int64_t lane = first; lane < stop; lane++) {
        float part = 1.0f / totals[lane];
        int64_t place = place_of(a, chunk, group, lane, size), d = 0;
        const float *mixed = r->mixed + lane * room;
        for (; d + LANES <= size; d += LANES) store(a->out, place + d, a->type, *(const vec *)(mixed + d) * part);
        for (; d < size; d++) store_one(a->out, place + d, a->type, mixed[d] * part);
    }
}

/* `size` is the head dimension, `room` the same padded; constants where it is a common one. */
INLINE void attend_chunk(
    const Attention *a, const Chunk *chunk, int64_t group, int64_t size, int64_t room, Room *r) {
    int64_t shared = a->num_heads / a->num_groups, num_lanes = chunk->num_queries * shared;
    int64_t num_keys = a->num_prefix + chunk->seen + (chunk->num_queries - 1) * a->step;
    fetch(a, chunk, group, 0, num_lanes < WIDTH ? num_lanes : WIDTH, size);
    for (int64_t start = 0; start < num_keys; start += BLOCK) {
        int64_t laid = num_keys - start < BLOCK ? num_keys - start : BLOCK;
        lay_keys_and_values(a, chunk, group, start, laid, size, room, r);
        for (int64_t column = 0, first = 0; first < num_lanes; column++, first += WIDTH) {
            int64_t stop = first + WIDTH < num_lanes ? first + WIDTH : num_lanes;
            int64_t next = stop + WIDTH < num_lanes ? stop + WIDTH : num_lanes;
            int64_t fewest = a->num_prefix + chunk->seen + first / shared * a->step - start;
            int64_t most = a->num_prefix + chunk->seen + (stop - 1) / shared * a->step - start;
            int64_t count = most < laid ? most : laid;
            float fade[WIDTH];
            if (start == 0) {
                fetch(a, chunk, group, stop, next, size);
                lay_queries(a, chunk, group, column, num_lanes, size, r);
            }
            if (most <= 0) continue;
            score(r->queries + column * size * 2, r->keys, count, size, room, r->scores);
            weigh(r->scores, start, count, column, fewest < count, r, fade);
            mix(r->scores, r->values, fade, count, room, start == 0, r->mixed + first * room);
            if (most <= BLOCK) give(a, chunk, group, first, stop, size, room, r);
        }
    }
}

static void *take(char **from, int64_t bytes) {
    void *taken = *from;
    *from += (bytes + 63) / 64 * 64;
    return taken;
}

/* Lays the room into `memory`, or only counts its bytes. */
static int64_t furnish(int64_t size, char *memory, Room *r) {
    char *end = memory;
    int64_t room = padded(size), lanes = COLUMNS * WIDTH, block = BLOCK * 4;
    r->queries = take(&end, lanes * size * 4);
    r->mixed = take(&end, lanes * room * 4);
    r->keys = take(&end, block * room);
    r->values = take(&end, block * room);
    r->scores = take(&end, block * WIDTH);
    r->tops = take(&end, lanes * 4);
    r->totals = take(&end, lanes * 4);
    r->seen = take(&end, lanes * 4);
    return end - memory;
}

/* Queries that a chunk may have at most. */
int64_t embedrank_chunk_queries(int64_t num_heads, int64_t num_groups) {
    int64_t queries = COLUMNS * WIDTH / (num_heads / num_groups);
    return queries;
}

static int64_t products_of_scores(const Attention *a) {
    int64_t pairs = 0;
    for (const Chunk *chunk = a->chunks; chunk < a->chunks + a->num_chunks; chunk++)
        pairs += chunk->num_queries * (a->num_prefix + chunk->seen + (chunk->num_queries - 1) * a->step / 2);
    return pairs * a->num_heads * a->head_dim;
}

/* Returns 0, or 1 if there is no memory. */
int embedrank_attend(const Attention *a) {
    int failed = 0;
#pragma omp parallel num_threads(a->threads) if (a->threads > 1 && products_of_scores(a) > FEW)
    {
        Room r;
        char *memory = aligned_alloc(64, (size_t)furnish(a->head_dim, 0, &r));
        if (memory) {
            furnish(a->head_dim, memory, &r);
            memset(r.keys, 0, (size_t)(BLOCK * 4 * padded(a->head_dim))); /* tiles may reach past the last key */
        } else {
#pragma omp atomic write
            failed = 1;
        }
#pragma omp for schedule(dynamic, 1)
        for (int64_t item = a->num_chunks * a->num_groups - 1; item >= 0; item--) { /* the longest first */
            if (!memory) continue;
            const Chunk *chunk = a->chunks + item / a->num_groups;
            int64_t group = item % a->num_groups, size = a->head_dim;
            if (size == 128) attend_chunk(a, chunk, group, 128, padded(128), &r);
            else if (size == 64) attend_chunk(a, chunk, group, 64, padded(64), &r);
            else attend_chunk(a, chunk, group, size, padded(size), &r);
        }
        free(memory);
    }
    return failed;
}
