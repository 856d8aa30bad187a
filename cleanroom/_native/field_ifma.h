/* Arithmetic mod p = 2^255 - 19, eight elements at a time, on AVX-512 with 52-bit integer multiply-add (IFMA).
 *
 * The same interface as field_avx2.h. An element is five unsigned limbs of 51 bits with the invariant
 *
 *     0 <= limb < T = 2^51 + 2^16                                                                          (tight)
 *
 * and an `acc` is five columns with 0 <= column < 2^62. The multiplier takes 52 bits of each factor, so a limb must
 * be tight when it is multiplied, and never doubled before.
 */
#ifndef CLEANROOM_FIELD_H
#define CLEANROOM_FIELD_H

#include <immintrin.h>

#include "encoding.h"

enum { LANES = 8 };

#define INLINE static inline __attribute__((always_inline))

typedef uint64_t word __attribute__((vector_size(64))); /* one 64-bit word in each lane */
typedef __mmask8 mask;                                   /* one bit a lane */
typedef struct { word limb[LIMBS]; } fe;
typedef struct { word column[LIMBS]; } acc;

INLINE word broadcast(uint64_t x) { return (word){x, x, x, x, x, x, x, x}; }

/* Adds a·b = high·2^52 + low, 0 <= low < 2^52, to `low` and `high`. For tight factors high < 2^50 + 2^16. */
INLINE void add_product(word *low, word *high, word a, word b) {
    *low = (word)_mm512_madd52lo_epu64((__m512i)*low, (__m512i)a, (__m512i)b);
    *high = (word)_mm512_madd52hi_epu64((__m512i)*high, (__m512i)a, (__m512i)b);
}

INLINE word times19(word x) { return x + (x << 1) + (x << 4); }

INLINE void clear(word c[9]) {
    for (int k = 0; k < 9; k++) c[k] = broadcast(0);
}

/* Folds to five columns (2^255 = 19). `high[k]` has weight 2^(51 k + 52), twice that of column k + 1.
 *
 * Bounds: at most 1 + 19·4 lows below 2^52 and 2·19·5 highs below 2^50.1 reach a column: below 2^59.1.
 */
INLINE acc fold(const word low[9], const word high[9]) {
    word c[10];
    acc r;
    c[0] = low[0];
    for (int k = 1; k < 9; k++) c[k] = low[k] + (high[k - 1] << 1);
    c[9] = high[8] << 1;
    for (int k = 0; k < LIMBS; k++) r.column[k] = c[k] + times19(c[k + 5]);
    return r;
}

INLINE acc fe_mul_wide(fe a, fe b) {
    const word *x = a.limb, *y = b.limb;
    word low[9], high[9];
    clear(low);
    clear(high);
    add_product(&low[0], &high[0], x[0], y[0]);
    add_product(&low[1], &high[1], x[0], y[1]);
    add_product(&low[1], &high[1], x[1], y[0]);
    add_product(&low[2], &high[2], x[0], y[2]);
    add_product(&low[2], &high[2], x[1], y[1]);
    add_product(&low[2], &high[2], x[2], y[0]);
    add_product(&low[3], &high[3], x[0], y[3]);
    add_product(&low[3], &high[3], x[1], y[2]);
    add_product(&low[3], &high[3], x[2], y[1]);
    add_product(&low[3], &high[3], x[3], y[0]);
    add_product(&low[4], &high[4], x[0], y[4]);
    add_product(&low[4], &high[4], x[1], y[3]);
    add_product(&low[4], &high[4], x[2], y[2]);
    add_product(&low[4], &high[4], x[3], y[1]);
    add_product(&low[4], &high[4], x[4], y[0]);
    add_product(&low[5], &high[5], x[1], y[4]);
    add_product(&low[5], &high[5], x[2], y[3]);
    add_product(&low[5], &high[5], x[3], y[2]);
    add_product(&low[5], &high[5], x[4], y[1]);
    add_product(&low[6], &high[6], x[2], y[4]);
    add_product(&low[6], &high[6], x[3], y[3]);
    add_product(&low[6], &high[6], x[4], y[2]);
    add_product(&low[7], &high[7], x[3], y[4]);
    add_product(&low[7], &high[7], x[4], y[3]);
    add_product(&low[8], &high[8], x[4], y[4]);
    return fold(low, high);
}

/* The products of different limbs first, then doubled, then the squares. */
INLINE acc fe_sqr_wide(fe a) {
    const word *x = a.limb;
    word low[9], high[9];
    clear(low);
    clear(high);
    add_product(&low[1], &high[1], x[0], x[1]);
    add_product(&low[2], &high[2], x[0], x[2]);
    add_product(&low[3], &high[3], x[0], x[3]);
    add_product(&low[3], &high[3], x[1], x[2]);
    add_product(&low[4], &high[4], x[0], x[4]);
    add_product(&low[4], &high[4], x[1], x[3]);
    add_product(&low[5], &high[5], x[1], x[4]);
    add_product(&low[5], &high[5], x[2], x[3]);
    add_product(&low[6], &high[6], x[2], x[4]);
    add_product(&low[7], &high[7], x[3], x[4]);
    for (int k = 1; k < 8; k++) {
        low[k] += low[k];
        high[k] += high[k];
    }
    for (int i = 0; i < LIMBS; i++) add_product(&low[2 * i], &high[2 * i], x[i], x[i]);
    return fold(low, high);
}

INLINE acc fe_wide(fe a) {
    acc r;
    for (int i = 0; i < LIMBS; i++) r.column[i] = a.limb[i];
    return r;
}

INLINE acc acc_add(acc a, acc b) {
    for (int i = 0; i < LIMBS; i++) a.column[i] += b.column[i];
    return a;
}

/* Adds 2^10·p, whose limbs are just below 2^61: keeps columns above -2^60 positive. */
INLINE acc lift(acc a) {
    a.column[0] += broadcast(((uint64_t)LIMB_MASK - 18) << 10);
    for (int i = 1; i < LIMBS; i++) a.column[i] += broadcast((uint64_t)LIMB_MASK << 10);
    return a;
}

INLINE acc acc_sub(acc a, acc b) {
    for (int i = 0; i < LIMBS; i++) a.column[i] -= b.column[i];
    return lift(a);
}

/* a + small·b for 0 <= small < 2^20. */
INLINE acc acc_add_small(acc a, fe b, int small) {
    word high[LIMBS];
    for (int i = 0; i < LIMBS; i++) {
        high[i] = broadcast(0);
        add_product(&a.column[i], &high[i], b.limb[i], broadcast((uint64_t)small));
    }
    a.column[0] += times19(high[4] << 1);
    for (int i = 1; i < LIMBS; i++) a.column[i] += high[i - 1] << 1;
    return a;
}

/* All five carries at once; each is below 2^11, so limb 0, which takes 19 of them, stays below 2^51 + 19·2^11 < T. */
INLINE fe acc_carry(acc a) {
    word carry[LIMBS];
    fe r;
    for (int i = 0; i < LIMBS; i++) {
        carry[i] = a.column[i] >> LIMB_BITS;
        r.limb[i] = a.column[i] & broadcast((uint64_t)LIMB_MASK);
    }
    r.limb[0] += times19(carry[4]);
    for (int i = 1; i < LIMBS; i++) r.limb[i] += carry[i - 1];
    return r;
}

INLINE word word_load(const uint64_t lane[LANES]) { return (word)_mm512_loadu_si512(lane); }

/* Signed limbs below 2^60 in size, lane by lane -> elements. */
INLINE fe fe_load(const int64_t limb[LIMBS][LANES]) {
    acc a;
    for (int i = 0; i < LIMBS; i++) a.column[i] = word_load((const uint64_t *)limb[i]);
    return acc_carry(lift(a));
}

INLINE void fe_store(int64_t limb[LIMBS][LANES], fe a) {
    for (int i = 0; i < LIMBS; i++) _mm512_storeu_si512(limb[i], (__m512i)a.limb[i]);
}

/* For tests: limbs exactly as given, not carried. */
INLINE fe fe_load_exact(const int64_t limb[LIMBS][LANES]) {
    fe r;
    for (int i = 0; i < LIMBS; i++) r.limb[i] = word_load((const uint64_t *)limb[i]);
    return r;
}

INLINE mask mask_load(const uint64_t lane[LANES]) { return _mm512_movepi64_mask((__m512i)word_load(lane)); }
INLINE void mask_store(uint64_t lane[LANES], mask m) { _mm512_storeu_si512(lane, _mm512_movm_epi64(m)); }

/* Bit `at` of each lane's word, as a mask. */
INLINE mask mask_of_bit(word w, int at) { return _mm512_movepi64_mask((__m512i)(w << (63 - at))); }

/* Where the mask is set `a`, elsewhere `b`. */
INLINE fe fe_select(mask m, fe a, fe b) {
    for (int i = 0; i < LIMBS; i++) {
        a.limb[i] = (word)_mm512_mask_blend_epi64(m, (__m512i)b.limb[i], (__m512i)a.limb[i]);
    }
    return a;
}

#endif
