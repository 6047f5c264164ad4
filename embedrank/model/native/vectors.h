/* Vectors of floats as wide as the processor's registers, in the vector extensions of GCC and Clang. */

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

#if defined(__AVX512F__) || defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef float loose_vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t half_vec __attribute__((vector_size(2 * LANES)));
typedef uint16_t loose_half_vec __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint32_t uvec __attribute__((vector_size(4 * LANES)));

enum { FLOAT32 = 0, BFLOAT16 = 1 }; /* number types of states, as the caller numbers them */

INLINE vec spread(float number) { return number - (vec){}; }
INLINE ivec spread_int(int32_t number) { return number - (ivec){}; }
INLINE vec pick(ivec mask, vec yes, vec no) { return (vec)((mask & (ivec)yes) | (~mask & (ivec)no)); }
INLINE vec largest(vec a, vec b) { return pick(a > b, a, b); }

INLINE float sum_of(vec states) {
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++) states[lane] += states[lane + width];
    return states[0];
}

/* 2 to the power of x, within 2e-7 of it; 0 below the smallest normal number; not a number stays so. */
INLINE vec power_of_two(vec x) {
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    ivec too_small = x < -126.0f;
    x = pick(too_small, spread(-126.0f), x);
    vec whole = (x + magic) - magic, part = x - whole;
    vec power = 1.5403530e-4f * part + 1.3333558e-3f;
    power = power * part + 9.6181291e-3f;
    power = power * part + 5.5504109e-2f;
    power = power * part + 2.4022651e-1f;
    power = power * part + 6.9314718e-1f;
    power = power * part + 1.0f;
    ivec exponent = (__builtin_convertvector(whole, ivec) + 127) << 23;
    return (vec)(~too_small & (ivec)(power * (vec)exponent));
}

INLINE float from_bfloat16(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float number;
    memcpy(&number, &wide, sizeof number);
    return number;
}

/* To the nearest, ties to even; not a number becomes a quiet one. */
INLINE uint16_t to_bfloat16(float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    if (number != number) return (uint16_t)((bits >> 16) | 0x40);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

INLINE float load_one(const void *states, int64_t index, int type) {
    return type == BFLOAT16 ? from_bfloat16(((const uint16_t *)states)[index]) : ((const float *)states)[index];
}

INLINE void store_one(void *states, int64_t index, int type, float number) {
    if (type == BFLOAT16) ((uint16_t *)states)[index] = to_bfloat16(number);
    else ((float *)states)[index] = number;
}

INLINE vec load(const void *states, int64_t index, int type) {
    if (type == FLOAT32) return *(const loose_vec *)((const float *)states + index);
    half_vec bits = *(const loose_half_vec *)((const uint16_t *)states + index);
    return (vec)(__builtin_convertvector(bits, uvec) << 16);
}

INLINE void store(void *states, int64_t index, int type, vec numbers) {
    if (type == FLOAT32) {
        *(loose_vec *)((float *)states + index) = numbers;
        return;
    }
    uvec bits = (uvec)numbers;
    uvec rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, quiet = (bits >> 16) | 0x40;
    uvec not_a_number = (uvec)(numbers != numbers);
    bits = (not_a_number & quiet) | (~not_a_number & rounded);
    *(loose_half_vec *)((uint16_t *)states + index) = __builtin_convertvector(bits, half_vec);
}
