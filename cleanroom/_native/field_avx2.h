/* Arithmetic mod p = 2^255 - 19, four elements at a time, on AVX2 with FMA.
 *
 * An element is five centred limbs of 51 bits, value = Σ limb[i]·2^(51 i), each limb an integer held exactly in a
 * double. The invariant of every `fe` is
 *
 *     |limb| <= T = 2^50 + 2^15                                                                            (tight)
 *
 * A product of two tight elements is first an `acc`: five signed 64-bit columns. Sums and differences are taken there,
 * before the one carry that makes an element tight again.
 */
#ifndef CLEANROOM_FIELD_H
#define CLEANROOM_FIELD_H

#include <immintrin.h>

#include "encoding.h"

enum { LANES = 4 };

#define INLINE static inline __attribute__((always_inline))

typedef uint64_t word __attribute__((vector_size(32))); /* one 64-bit word in each lane */
typedef __m256d mask;                                   /* the sign bit of each lane decides */
typedef struct { __m256d limb[LIMBS]; } fe;
typedef struct { __m256i column[LIMBS]; } acc;

INLINE word broadcast(uint64_t x) { return (word){x, x, x, x}; }
INLINE __m256i constant(uint64_t x) { return (__m256i)broadcast(x); }
INLINE __m256i add64(__m256i a, __m256i b) { return _mm256_add_epi64(a, b); }
INLINE __m256i sub64(__m256i a, __m256i b) { return _mm256_sub_epi64(a, b); }
INLINE __m256i bits_of(__m256d x) { return _mm256_castpd_si256(x); }
INLINE __m256d double_of(__m256i x) { return _mm256_castsi256_pd(x); }

/* Doubles in [2^52, 2^53) have a unit in the last place of 1, those in [2^103, 2^104) of 2^51: there the bit pattern,
 * read as an integer, is the pattern of the constant plus the distance in such units. */
#define TWO_52 0x1p52
#define CENTRE_LOW 0x1.8p52
#define CENTRE_HIGH 0x1.8p103
#define TWO_52_BITS 0x4330000000000000u
#define CENTRE_LOW_BITS 0x4338000000000000u
#define CENTRE_HIGH_BITS 0x4668000000000000u

/* Keeps the compiler from moving later products up, for which it would run out of registers and spill. No code. */
INLINE void settle(__m256i *low, __m256i *high) { __asm__("" : "+x"(*low), "+x"(*high)); }

/* Adds a·b to two neighbouring columns: a·b = high·2^51 + low with |low| <= 2^50.
 *
 * Exact for |a·b| <= 2^102: the first fused sum stays in [2^103, 2^104] and rounds a·b to a multiple of 2^51; the
 * difference of the two constants and that sum is a multiple of 2^51 below 2^103, hence exact; the second fused sum is
 * an integer in [2^52, 2^53]. Each call adds CENTRE_HIGH_BITS and CENTRE_LOW_BITS to the columns as well: `unbias`.
 */
INLINE void add_product(__m256i *low, __m256i *high, __m256d a, __m256d b) {
    const __m256d h = _mm256_fmadd_pd(a, b, _mm256_set1_pd(CENTRE_HIGH));
    const __m256d rest = _mm256_sub_pd(_mm256_set1_pd(CENTRE_HIGH + CENTRE_LOW), h);
    const __m256d l = _mm256_fmadd_pd(a, b, rest);
    *high = add64(*high, bits_of(h));
    *low = add64(*low, bits_of(l));
    settle(low, high);
}

INLINE __m256i times19(__m256i x) {
    return add64(add64(x, _mm256_slli_epi64(x, 1)), _mm256_slli_epi64(x, 4));
}

/* What `lows` low halves and `highs` high halves have added to a column besides their values, modulo 2^64. */
INLINE uint64_t bias(uint64_t lows, uint64_t highs) { return lows * CENTRE_LOW_BITS + highs * CENTRE_HIGH_BITS; }

/* Folds ten columns to five (2^255 = 19) and takes out the biases. `pairs[k]` is the number of products in column k.
 *
 * Bounds: with tight factors |low| <= 2^50 and |high| <= 2^50 (2^49 but for doubled factors), at most 77 lows and 95
 * highs reach a column after folding, so |column| < 172·2^50 < 2^58.
 */
INLINE acc fold(const __m256i c[10], const int pairs[9]) {
    acc r;
    for (int k = 0; k < LIMBS; k++) {
        const uint64_t here = bias((uint64_t)pairs[k], k ? (uint64_t)pairs[k - 1] : 0);
        const uint64_t above = bias(k < 4 ? (uint64_t)pairs[k + 5] : 0, (uint64_t)pairs[k + 4]);
        r.column[k] = add64(add64(c[k], times19(c[k + 5])), constant(-(here + 19 * above)));
    }
    return r;
}

INLINE void clear(__m256i c[10]) {
    for (int k = 0; k < 10; k++) c[k] = _mm256_setzero_si256();
}

INLINE acc fe_mul_wide(fe a, fe b) {
    static const int pairs[9] = {1, 2, 3, 4, 5, 4, 3, 2, 1};
    const __m256d *x = a.limb, *y = b.limb;
    __m256i c[10];
    clear(c);
    add_product(&c[0], &c[1], x[0], y[0]);
    add_product(&c[1], &c[2], x[0], y[1]);
    add_product(&c[1], &c[2], x[1], y[0]);
    add_product(&c[2], &c[3], x[0], y[2]);
    add_product(&c[2], &c[3], x[1], y[1]);
    add_product(&c[2], &c[3], x[2], y[0]);
    add_product(&c[3], &c[4], x[0], y[3]);
    add_product(&c[3], &c[4], x[1], y[2]);
    add_product(&c[3], &c[4], x[2], y[1]);
    add_product(&c[3], &c[4], x[3], y[0]);
    add_product(&c[4], &c[5], x[0], y[4]);
    add_product(&c[4], &c[5], x[1], y[3]);
    add_product(&c[4], &c[5], x[2], y[2]);
    add_product(&c[4], &c[5], x[3], y[1]);
    add_product(&c[4], &c[5], x[4], y[0]);
    add_product(&c[5], &c[6], x[1], y[4]);
    add_product(&c[5], &c[6], x[2], y[3]);
    add_product(&c[5], &c[6], x[3], y[2]);
    add_product(&c[5], &c[6], x[4], y[1]);
    add_product(&c[6], &c[7], x[2], y[4]);
    add_product(&c[6], &c[7], x[3], y[3]);
    add_product(&c[6], &c[7], x[4], y[2]);
    add_product(&c[7], &c[8], x[3], y[4]);
    add_product(&c[7], &c[8], x[4], y[3]);
    add_product(&c[8], &c[9], x[4], y[4]);
    return fold(c, pairs);
}

INLINE acc fe_sqr_wide(fe a) {
    static const int pairs[9] = {1, 1, 2, 2, 3, 2, 2, 1, 1};
    const __m256d *x = a.limb;
    __m256d x2[4];
    for (int i = 0; i < 4; i++) x2[i] = _mm256_add_pd(x[i], x[i]);
    __m256i c[10];
    clear(c);
    add_product(&c[0], &c[1], x[0], x[0]);
    add_product(&c[1], &c[2], x2[0], x[1]);
    add_product(&c[2], &c[3], x2[0], x[2]);
    add_product(&c[2], &c[3], x[1], x[1]);
    add_product(&c[3], &c[4], x2[0], x[3]);
    add_product(&c[3], &c[4], x2[1], x[2]);
    add_product(&c[4], &c[5], x2[0], x[4]);
    add_product(&c[4], &c[5], x2[1], x[3]);
    add_product(&c[4], &c[5], x[2], x[2]);
    add_product(&c[5], &c[6], x2[1], x[4]);
    add_product(&c[5], &c[6], x2[2], x[3]);
    add_product(&c[6], &c[7], x2[2], x[4]);
    add_product(&c[6], &c[7], x[3], x[3]);
    add_product(&c[7], &c[8], x2[3], x[4]);
    add_product(&c[8], &c[9], x[4], x[4]);
    return fold(c, pairs);
}

/* The columns of an element itself. */
INLINE acc fe_wide(fe a) {
    acc r;
    for (int i = 0; i < LIMBS; i++) {
        const __m256d shifted = _mm256_add_pd(a.limb[i], _mm256_set1_pd(CENTRE_LOW));
        r.column[i] = sub64(bits_of(shifted), constant(CENTRE_LOW_BITS));
    }
    return r;
}

INLINE acc acc_add(acc a, acc b) {
    for (int i = 0; i < LIMBS; i++) a.column[i] = add64(a.column[i], b.column[i]);
    return a;
}

INLINE acc acc_sub(acc a, acc b) {
    for (int i = 0; i < LIMBS; i++) a.column[i] = sub64(a.column[i], b.column[i]);
    return a;
}

/* a + small·b for 0 <= small < 2^20: the high halves stay below 2^20, so |column| grows by less than 2^51. */
INLINE acc acc_add_small(acc a, fe b, int small) {
    __m256i c[6];
    for (int i = 0; i < LIMBS; i++) c[i] = a.column[i];
    c[5] = _mm256_setzero_si256();
    const __m256d factor = _mm256_set1_pd(small);
    for (int i = 0; i < LIMBS; i++) add_product(&c[i], &c[i + 1], b.limb[i], factor);
    a.column[0] = add64(add64(c[0], times19(c[5])), constant(-(bias(1, 0) + 19 * bias(0, 1))));
    for (int i = 1; i < LIMBS; i++) a.column[i] = add64(c[i], constant(-bias(1, 1)));
    return a;
}

/* Columns below 2^61 in size -> tight limbs, all five carries at once.
 *
 * t = column + 2^50 + 2^62 > 0, floor(t / 2^51) = carry + 2^11, t mod 2^51 = rest + 2^50 with -2^50 <= rest < 2^50.
 * The carry is at most 2^10 + 1 in size, so limb 0, which takes 19 of them, is at most 2^50 + 19·(2^10 + 1) < T.
 * low + carry < 2^52 is set into the mantissa of 2^52 and the offsets leave as doubles, exactly.
 */
INLINE fe acc_carry(acc a) {
    __m256i low[LIMBS], carry[LIMBS];
    for (int i = 0; i < LIMBS; i++) {
        const __m256i t = add64(a.column[i], constant(((uint64_t)1 << 62) + ((uint64_t)1 << 50)));
        carry[i] = _mm256_srli_epi64(t, LIMB_BITS);
        low[i] = _mm256_or_si256(_mm256_and_si256(t, constant((uint64_t)LIMB_MASK)), constant(TWO_52_BITS));
    }
    fe r;
    const __m256i top = _mm256_mul_epu32(carry[4], constant(19));
    r.limb[0] = _mm256_sub_pd(double_of(add64(low[0], top)), _mm256_set1_pd(TWO_52 + 0x1p50 + 19 * 0x1p11));
    for (int i = 1; i < LIMBS; i++) {
        const __m256i sum = add64(low[i], carry[i - 1]);
        r.limb[i] = _mm256_sub_pd(double_of(sum), _mm256_set1_pd(TWO_52 + 0x1p50 + 0x1p11));
    }
    return r;
}

/* Signed limbs below 2^61 in size, lane by lane -> elements. */
INLINE fe fe_load(const int64_t limb[LIMBS][LANES]) {
    acc a;
    for (int i = 0; i < LIMBS; i++) a.column[i] = _mm256_loadu_si256((const __m256i *)limb[i]);
    return acc_carry(a);
}

INLINE void fe_store(int64_t limb[LIMBS][LANES], fe a) {
    const acc w = fe_wide(a);
    for (int i = 0; i < LIMBS; i++) _mm256_storeu_si256((__m256i *)limb[i], w.column[i]);
}

/* For tests: limbs exactly as given, below 2^51 in size, not carried. */
INLINE fe fe_load_exact(const int64_t limb[LIMBS][LANES]) {
    fe r;
    for (int i = 0; i < LIMBS; i++) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)limb[i]);
        r.limb[i] = _mm256_sub_pd(double_of(add64(x, constant(CENTRE_LOW_BITS))), _mm256_set1_pd(CENTRE_LOW));
    }
    return r;
}

INLINE word word_load(const uint64_t lane[LANES]) { return (word)_mm256_loadu_si256((const __m256i *)lane); }
INLINE mask mask_load(const uint64_t lane[LANES]) { return (__m256d)word_load(lane); }

INLINE void mask_store(uint64_t lane[LANES], mask m) { _mm256_storeu_pd((double *)lane, m); }

/* Bit `at` of each lane's word, as a mask. */
INLINE mask mask_of_bit(word w, int at) { return (__m256d)(w << (63 - at)); }

/* Where the mask is set `a`, elsewhere `b`. */
INLINE fe fe_select(mask m, fe a, fe b) {
    for (int i = 0; i < LIMBS; i++) a.limb[i] = _mm256_blendv_pd(b.limb[i], a.limb[i], m);
    return a;
}

#endif
