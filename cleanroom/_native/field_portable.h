/* Arithmetic mod p = 2^255 - 19, one element at a time, on any 64-bit machine with a 128-bit integer type.
 *
 * The same interface as field_avx2.h. An element is five signed limbs of 51 bits with the invariant
 *
 *     -2^51 < limb < 2^51 + 2^14                                                                           (tight)
 *
 * and an `acc` is five signed 128-bit columns below 2^112 in size.
 */
#ifndef CLEANROOM_FIELD_H
#define CLEANROOM_FIELD_H

#include "encoding.h"

enum { LANES = 1 };

#define INLINE static inline __attribute__((always_inline))

typedef uint64_t word;
typedef uint64_t mask;                         /* all ones or all zeros */
typedef struct { int64_t limb[LIMBS]; } fe;
typedef struct { __int128 column[LIMBS]; } acc;

INLINE word broadcast(uint64_t x) { return x; }

/* |column| <= (1 + 4·19)·2^102.1 < 2^109. */
INLINE acc fe_mul_wide(fe a, fe b) {
    acc r;
    for (int k = 0; k < LIMBS; k++) {
        __int128 here = 0, above = 0;
        for (int i = 0; i <= k; i++) here += (__int128)a.limb[i] * b.limb[k - i];
        for (int i = k + 1; i < LIMBS; i++) above += (__int128)a.limb[i] * (19 * b.limb[k + LIMBS - i]);
        r.column[k] = here + above;
    }
    return r;
}

INLINE acc fe_sqr_wide(fe a) {
    const int64_t *x = a.limb, x0_2 = 2 * x[0], x1_2 = 2 * x[1], x3_19 = 19 * x[3], x4_19 = 19 * x[4];
    acc r;
    r.column[0] = (__int128)x[0] * x[0] + 2 * ((__int128)x[1] * x4_19 + (__int128)x[2] * x3_19);
    r.column[1] = (__int128)x0_2 * x[1] + 2 * ((__int128)x[2] * x4_19) + (__int128)x[3] * x3_19;
    r.column[2] = (__int128)x0_2 * x[2] + (__int128)x[1] * x[1] + 2 * ((__int128)x[3] * x4_19);
    r.column[3] = (__int128)x0_2 * x[3] + (__int128)x1_2 * x[2] + (__int128)x[4] * x4_19;
    r.column[4] = (__int128)x0_2 * x[4] + (__int128)x1_2 * x[3] + (__int128)x[2] * x[2];
    return r;
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

INLINE acc acc_sub(acc a, acc b) {
    for (int i = 0; i < LIMBS; i++) a.column[i] -= b.column[i];
    return a;
}

/* a + small·b for 0 <= small < 2^20. */
INLINE acc acc_add_small(acc a, fe b, int small) {
    for (int i = 0; i < LIMBS; i++) a.column[i] += (__int128)b.limb[i] * small;
    return a;
}

/* Carries from limb 0 to 4, from 4 to 0 (2^255 = 19), and from 0 to 1 once more: columns below 2^112 in size leave a
 * first carry of at most 19·2^61 < 2^66, so the second one is below 2^15. Right shifts of negatives are arithmetic. */
INLINE fe acc_carry(acc a) {
    fe r;
    __int128 carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        const __int128 t = a.column[i] + carry;
        r.limb[i] = (int64_t)t & LIMB_MASK;
        carry = t >> LIMB_BITS;
    }
    const __int128 t = r.limb[0] + 19 * carry;
    r.limb[0] = (int64_t)t & LIMB_MASK;
    r.limb[1] += (int64_t)(t >> LIMB_BITS);
    return r;
}

INLINE fe fe_load(const int64_t limb[LIMBS][LANES]) {
    acc a;
    for (int i = 0; i < LIMBS; i++) a.column[i] = limb[i][0];
    return acc_carry(a);
}

INLINE void fe_store(int64_t limb[LIMBS][LANES], fe a) {
    for (int i = 0; i < LIMBS; i++) limb[i][0] = a.limb[i];
}

/* For tests: limbs exactly as given, not carried. */
INLINE fe fe_load_exact(const int64_t limb[LIMBS][LANES]) {
    fe r;
    for (int i = 0; i < LIMBS; i++) r.limb[i] = limb[i][0];
    return r;
}

INLINE word word_load(const uint64_t lane[LANES]) { return lane[0]; }
INLINE mask mask_load(const uint64_t lane[LANES]) { return lane[0]; }

INLINE void mask_store(uint64_t lane[LANES], mask m) { lane[0] = m; }

/* Bit `at` of the word, as a mask. */
INLINE mask mask_of_bit(word w, int at) { return -(w >> at & 1); }

/* Where the mask is set `a`, elsewhere `b`. */
INLINE fe fe_select(mask m, fe a, fe b) {
    for (int i = 0; i < LIMBS; i++) b.limb[i] ^= (int64_t)m & (a.limb[i] ^ b.limb[i]);
    return b;
}

#endif
