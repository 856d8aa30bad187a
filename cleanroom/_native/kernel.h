/* The batch operations. Each kernel file offers them for one instruction set; the module picks one at run time. */
#ifndef CLEANROOM_KERNEL_H
#define CLEANROOM_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that are hashed: value i is data[offset[i]] .. data[offset[i + 1]], and its message is prefix || value. */
typedef struct {
    const uint8_t *dst, *prefix, *data;
    const int64_t *offset;
    size_t dst_size, prefix_size;
} hash_input;

enum { RING_SIZE = 4096, RING_PRIMES = 4, RING_WORDS = RING_PRIMES * RING_SIZE };

/* Constant factors of one prime, each with floor(factor·2^32 / p); see `ring_table` in cleanroom/primitives/native.py. */
typedef struct {
    uint32_t forward[RING_SIZE], forward_quotient[RING_SIZE], inverse[RING_SIZE], inverse_quotient[RING_SIZE];
} prime_table;

typedef struct {
    uint32_t prime[RING_PRIMES];
    prime_table of[RING_PRIMES];
} ring_table;

/* Entry points of the tests, see `field_test`. */
enum field_operation { TEST_MUL, TEST_SQR, TEST_ADD, TEST_SUB, TEST_ADD_SMALL, TEST_SUM_OF_PRODUCTS,
                       TEST_DIFFERENCE_OF_PRODUCTS, TEST_LOAD, TEST_INVERT, TEST_LEGENDRE, TEST_REDUCE,
                       TEST_OPERATIONS };

typedef struct {
    const char *name;
    int lanes;

    /* out[i] = X25519(scalar i, point i), 32 bytes each; a step is 32, or 0 to use the same one throughout. */
    void (*power)(uint8_t *out, const uint8_t *scalar, size_t scalar_step, const uint8_t *point, size_t point_step,
                  size_t count);

    /* out[i] = the u-coordinate of hash_to_curve(prefix || value i), 32 bytes each. */
    void (*hash_to_curve)(uint8_t *out, const hash_input *in, size_t count);

    /* The index of the first of `count` encodings that is not canonical, not on the curve, or zero; -1 if none is. */
    ptrdiff_t (*check_points)(const uint8_t *point, size_t count);

    /* `count` ring elements of RING_WORDS words below their primes: to NTT form or back, in place. */
    void (*ring_transform)(uint64_t *poly, size_t count, const ring_table *table, int inverse);

    /* total[i] += left · right[i] for `count` elements, slot by slot, not reduced. */
    void (*ring_multiply_add)(uint64_t *total, const uint64_t *left, const uint64_t *right, size_t count);

    /* Any words of `count` elements -> below their primes, in place. */
    void (*ring_reduce)(uint64_t *word, size_t count, const ring_table *table);

    /* Five limbs in, five limbs out, for each of `count` pairs; nothing is reduced on the way in or out. */
    void (*field_test)(int64_t *out, enum field_operation operation, const int64_t *a, const int64_t *b, size_t count);

    /* out[i] = the point that `hash_to_curve` makes of the field elements u_0[i] and u_1[i], 32 bytes each. */
    void (*map_test)(uint8_t *out, const uint8_t *u_0, const uint8_t *u_1, size_t count);
} kernel;

extern const kernel kernel_portable;
#if defined(CLEANROOM_X86)
extern const kernel kernel_avx2;
extern const kernel kernel_ifma;
#endif

#endif
