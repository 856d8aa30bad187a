/* The lattice ring: number-theoretic transform of Z_p[X] / (X^4096 + 1) for each of four primes below 2^27.
 *
 * Plain C in loops of a fixed length, which the compiler turns into vectors of the kernel's width. Constant factors w
 * come with floor(w·2^32 / p) (Shoup): for y < 2^32, w·y - floor(w'·y / 2^32)·p lies in [0, 2p).
 */
#ifndef CLEANROOM_RING_H
#define CLEANROOM_RING_H

#include "kernel.h"

enum { CHUNK = 8, ROWS = 8, COLUMNS = RING_SIZE / ROWS };

/* Shoup's product, in [0, 2p). */
INLINE uint32_t times(uint32_t y, uint32_t value, uint32_t quotient, uint32_t p) {
    return value * y - (uint32_t)((uint64_t)quotient * y >> 32) * p;
}

/* x < 2·bound -> x mod bound: below the bound the difference wraps round to a huge number. */
INLINE uint32_t subtract_once(uint32_t x, uint32_t bound) { return x - bound < x ? x - bound : x; }

/* (a, b) -> (a + w·b, a - w·b + 2p): each layer adds 2p to the bound, so twelve layers on inputs below p stay under
 * 25p < 2^32. */
INLINE void butterfly(uint32_t *a, uint32_t *b, uint32_t value, uint32_t quotient, uint32_t p) {
    const uint32_t product = times(*b, value, quotient, p), sum = *a + product;
    *b = *a + (2 * p - product);
    *a = sum;
}

/* (a, b) -> (a + b, w·(a - b)), both in [0, 2p) again. */
INLINE void inverse_butterfly(uint32_t *a, uint32_t *b, uint32_t value, uint32_t quotient, uint32_t p) {
    const uint32_t sum = *a + *b, gap = *a + (2 * p - *b);
    *a = subtract_once(sum, 2 * p);
    *b = times(gap, value, quotient, p);
}

/* Layers whose pairs are at least CHUNK apart: one factor for each run of `apart` pairs. */
static void forward_layer(uint32_t *restrict x, const prime_table *restrict t, size_t apart, uint32_t p) {
    const size_t runs = RING_SIZE / (2 * apart);
    for (size_t i = 0; i < runs; i++) {
        const uint32_t value = t->forward[runs + i], quotient = t->forward_quotient[runs + i];
        for (size_t j = 2 * apart * i; j < 2 * apart * i + apart; j += CHUNK) {
            for (size_t k = j; k < j + CHUNK; k++) butterfly(&x[k], &x[k + apart], value, quotient, p);
        }
    }
}

static void inverse_layer(uint32_t *restrict x, const prime_table *restrict t, size_t apart, uint32_t p) {
    const size_t runs = RING_SIZE / (2 * apart);
    for (size_t i = 0; i < runs; i++) {
        const uint32_t value = t->inverse[runs + i], quotient = t->inverse_quotient[runs + i];
        for (size_t j = 2 * apart * i; j < 2 * apart * i + apart; j += CHUNK) {
            for (size_t k = j; k < j + CHUNK; k++) inverse_butterfly(&x[k], &x[k + apart], value, quotient, p);
        }
    }
}

/* Layers whose pairs are closer, on the transpose: element 8·column + row is x[row][column], and the factors of one pair
 * of rows lie side by side. */
static void forward_rows(uint32_t x[ROWS][COLUMNS], const prime_table *t, size_t apart, uint32_t p) {
    for (size_t row = 0, at = RING_SIZE / (2 * apart); row < ROWS; row += 2 * apart, at += COLUMNS) {
        for (size_t pair = row; pair < row + apart; pair++) {
            uint32_t *restrict a = x[pair], *restrict b = x[pair + apart];
            for (size_t i = 0; i < COLUMNS; i++) {
                butterfly(&a[i], &b[i], t->forward[at + i], t->forward_quotient[at + i], p);
            }
        }
    }
}

static void inverse_rows(uint32_t x[ROWS][COLUMNS], const prime_table *t, size_t apart, uint32_t p) {
    for (size_t row = 0, at = RING_SIZE / (2 * apart); row < ROWS; row += 2 * apart, at += COLUMNS) {
        for (size_t pair = row; pair < row + apart; pair++) {
            uint32_t *restrict a = x[pair], *restrict b = x[pair + apart];
            for (size_t i = 0; i < COLUMNS; i++) {
                inverse_butterfly(&a[i], &b[i], t->inverse[at + i], t->inverse_quotient[at + i], p);
            }
        }
    }
}

/* Coefficients below p -> values below p, in place. */
static void forward_transform(uint64_t *poly, const prime_table *t, uint32_t p) {
    uint32_t x[RING_SIZE], rows[ROWS][COLUMNS];
    const uint32_t one_quotient = (uint32_t)(((uint64_t)1 << 32) / p);
    for (size_t i = 0; i < RING_SIZE; i++) x[i] = (uint32_t)poly[i];
    for (size_t apart = RING_SIZE / 2; apart >= ROWS; apart /= 2) forward_layer(x, t, apart, p);
    for (size_t i = 0; i < RING_SIZE; i++) rows[i % ROWS][i / ROWS] = x[i];
    for (size_t apart = ROWS / 2; apart >= 1; apart /= 2) forward_rows(rows, t, apart, p);
    for (size_t i = 0; i < RING_SIZE; i++) {
        poly[i] = subtract_once(times(rows[i % ROWS][i / ROWS], 1, one_quotient, p), p);
    }
}

/* Values below p -> coefficients below p, in place. The factor 1/N is in slot 0, which no layer uses. */
static void inverse_transform(uint64_t *poly, const prime_table *t, uint32_t p) {
    uint32_t x[RING_SIZE], rows[ROWS][COLUMNS];
    for (size_t i = 0; i < RING_SIZE; i++) rows[i % ROWS][i / ROWS] = (uint32_t)poly[i];
    for (size_t apart = 1; apart < ROWS; apart *= 2) inverse_rows(rows, t, apart, p);
    for (size_t i = 0; i < RING_SIZE; i++) x[i] = rows[i % ROWS][i / ROWS];
    for (size_t apart = ROWS; apart < RING_SIZE; apart *= 2) inverse_layer(x, t, apart, p);
    for (size_t i = 0; i < RING_SIZE; i++) {
        poly[i] = subtract_once(times(x[i], t->inverse[0], t->inverse_quotient[0], p), p);
    }
}

static void ring_transform(uint64_t *poly, size_t count, const ring_table *table, int inverse) {
    for (size_t i = 0; i < count * RING_PRIMES; i++, poly += RING_SIZE) {
        const prime_table *t = &table->of[i % RING_PRIMES];
        (inverse ? inverse_transform : forward_transform)(poly, t, table->prime[i % RING_PRIMES]);
    }
}

/* total[i] += left · right[i] for factors below 2^32, not reduced: below 2^54 each for reduced ones. */
static void ring_multiply_add(uint64_t *restrict total, const uint64_t *restrict left, const uint64_t *restrict right,
                              size_t count) {
    for (size_t i = 0; i < count; i++, total += RING_WORDS, right += RING_WORDS) {
        for (size_t j = 0; j < RING_WORDS; j++) total[j] += (uint64_t)(uint32_t)left[j] * (uint32_t)right[j];
    }
}

/* Any 64-bit words -> below p (Barrett): floor(x·floor(2^64 / p) / 2^64) is the quotient or one less, since p > 2^26. */
static void ring_reduce(uint64_t *words, size_t count, const ring_table *table) {
    for (size_t i = 0; i < count * RING_PRIMES; i++, words += RING_SIZE) {
        const uint64_t p = table->prime[i % RING_PRIMES], inverse = UINT64_MAX / p;
        for (size_t j = 0; j < RING_SIZE; j++) {
            const uint64_t x = words[j], rest = x - (uint64_t)((unsigned __int128)x * inverse >> 64) * p;
            words[j] = rest - p < rest ? rest - p : rest;
        }
    }
}

#endif
