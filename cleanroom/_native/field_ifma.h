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

/* a·b = high·2^52 + low, 0 <= low < 2^52; for tight factors high < 2^50 + 2^16. Returns sum + low, or sum + high. */
INLINE word add_low(word sum, word a, word b) {
    return (word)_mm512_madd52lo_epu64((__m512i)sum, (__m512i)a, (__m512i)b);
}

INLINE word add_high(word sum, word a, word b) {
    return (word)_mm512_madd52hi_epu64((__m512i)sum, (__m512i)a, (__m512i)b);
}

/* One multiplication: of a constant that it knows, the compiler would make four shifts and sums. */
INLINE word times19(word x) {
    word nineteen = broadcast(19);
    __asm__("" : "+v"(nineteen));
    return (word)_mm512_mullo_epi64((__m512i)x, (__m512i)nineteen);
}

/* Ten columns to five (2^255 = 19).
 *
 * Bounds: at most 1 + 19·4 lows below 2^52 and 2·19·5 highs below 2^50.1 reach a column: below 2^59.1.
 */
INLINE acc fold(const word c[2 * LIMBS]) {
    acc r;
    for (int k = 0; k < LIMBS; k++) r.column[k] = c[k] + times19(c[k + LIMBS]);
    return r;
}

/* The high half of x_i·y_j has weight 2^(51 (i + j) + 52): twice that of column i + j + 1. The highs come first, so that
 * the lows are added to them at no cost. */
INLINE acc fe_mul_wide(fe a, fe b) {
    word c[2 * LIMBS] = {broadcast(0)};
    for (int i = 0; i < LIMBS; i++) {
        for (int j = 0; j < LIMBS; j++) c[i + j + 1] = add_high(c[i + j + 1], a.limb[i], b.limb[j]);
    }
    for (int k = 1; k < 2 * LIMBS; k++) c[k] += c[k];
    for (int i = 0; i < LIMBS; i++) {
        for (int j = 0; j < LIMBS; j++) c[i + j] = add_low(c[i + j], a.limb[i], b.limb[j]);
    }
    return fold(c);
}

/* As a product; those of different limbs are taken once and doubled. */
INLINE acc fe_sqr_wide(fe a) {
    const word *x = a.limb;
    word c[2 * LIMBS] = {broadcast(0)};
    for (int i = 0; i < LIMBS; i++) {
        for (int j = i + 1; j < LIMBS; j++) c[i + j + 1] = add_high(c[i + j + 1], x[i], x[j]);
    }
    for (int k = 2; k < 2 * LIMBS - 1; k++) c[k] += c[k];
    for (int i = 0; i < LIMBS; i++) c[2 * i + 1] = add_high(c[2 * i + 1], x[i], x[i]);
    for (int i = 0; i < LIMBS; i++) {
        for (int j = i + 1; j < LIMBS; j++) c[i + j] = add_low(c[i + j], x[i], x[j]);
    }
    for (int k = 1; k < 2 * LIMBS; k++) c[k] += c[k];
    for (int i = 0; i < LIMBS; i++) c[2 * i] = add_low(c[2 * i], x[i], x[i]);
    return fold(c);
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
    const word factor = broadcast((uint64_t)small);
    word c[LIMBS + 1] = {broadcast(0)};
    for (int i = 0; i < LIMBS; i++) c[i + 1] = add_high(c[i + 1], b.limb[i], factor);
    for (int k = 1; k <= LIMBS; k++) c[k] += c[k];
    for (int i = 0; i < LIMBS; i++) a.column[i] = add_low(a.column[i] + c[i], b.limb[i], factor);
    a.column[0] += times19(c[LIMBS]);
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
    r.limb[0] = add_low(r.limb[0], carry[4], broadcast(19));
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
