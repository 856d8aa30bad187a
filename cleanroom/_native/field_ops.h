/* What every field width shares: carried operations, powers, inversion, tests. Include after a field header. */
#ifndef CLEANROOM_FIELD_OPS_H
#define CLEANROOM_FIELD_OPS_H

#define NOINLINE static __attribute__((noinline))

/* The results of all of these are tight. */
INLINE fe fe_mul(fe a, fe b) { return acc_carry(fe_mul_wide(a, b)); }
INLINE fe fe_sqr(fe a) { return acc_carry(fe_sqr_wide(a)); }
INLINE fe fe_add(fe a, fe b) { return acc_carry(acc_add(fe_wide(a), fe_wide(b))); }
INLINE fe fe_sub(fe a, fe b) { return acc_carry(acc_sub(fe_wide(a), fe_wide(b))); }

/* The same constant in every lane. */
INLINE fe fe_constant(const int64_t limb[LIMBS]) {
    int64_t lanes[LIMBS][LANES];
    for (int i = 0; i < LIMBS; i++) {
        for (int lane = 0; lane < LANES; lane++) lanes[i][lane] = limb[i];
    }
    return fe_load(lanes);
}

INLINE fe fe_small(int64_t value) {
    const int64_t limb[LIMBS] = {value};
    return fe_constant(limb);
}

/* LANES encodings, one after the other -> an element in each lane. Top bits are ignored, values >= p accepted. */
NOINLINE fe fe_decode(const uint8_t *bytes) {
    int64_t lanes[LIMBS][LANES], limb[LIMBS];
    for (int lane = 0; lane < LANES; lane++) {
        limbs_from_bytes(limb, bytes + POINT_BYTES * lane);
        for (int i = 0; i < LIMBS; i++) lanes[i][lane] = limb[i];
    }
    return fe_load(lanes);
}

/* The reduced limbs of one lane. */
INLINE void fe_lane(int64_t limb[LIMBS], int64_t lanes[LIMBS][LANES], int lane) {
    for (int i = 0; i < LIMBS; i++) limb[i] = lanes[i][lane];
    limbs_reduce(limb);
}

NOINLINE void fe_encode(uint8_t *bytes, fe a) {
    int64_t lanes[LIMBS][LANES], limb[LIMBS];
    fe_store(lanes, a);
    for (int lane = 0; lane < LANES; lane++) {
        fe_lane(limb, lanes, lane);
        limbs_to_bytes(bytes + POINT_BYTES * lane, limb);
    }
}

NOINLINE mask fe_is_zero(fe a) {
    int64_t lanes[LIMBS][LANES], limb[LIMBS];
    uint64_t zero[LANES];
    fe_store(lanes, a);
    for (int lane = 0; lane < LANES; lane++) {
        fe_lane(limb, lanes, lane);
        zero[lane] = limbs_zero_mask(limb);
    }
    return mask_load(zero);
}

/* RFC 9380, section 4.1: sgn0(a) = a mod 2. */
NOINLINE mask fe_is_odd(fe a) {
    int64_t lanes[LIMBS][LANES], limb[LIMBS];
    uint64_t odd[LANES];
    fe_store(lanes, a);
    for (int lane = 0; lane < LANES; lane++) {
        fe_lane(limb, lanes, lane);
        odd[lane] = -((uint64_t)limb[0] & 1);
    }
    return mask_load(odd);
}

/* a^(2^count), count >= 1. */
NOINLINE fe fe_sqr_times(fe a, int count) {
    for (int i = 0; i < count; i++) a = fe_sqr(a);
    return a;
}

typedef struct {
    fe to_2, to_11, to_2_250_1; /* a^2, a^11, a^(2^250 - 1) */
} fe_powers;

/* The usual addition chain: each name is the exponent, 2_n_1 stands for 2^n - 1. */
NOINLINE fe_powers fe_power_chain(fe a) {
    fe_powers r;
    r.to_2 = fe_sqr(a);
    const fe to_9 = fe_mul(fe_sqr_times(r.to_2, 2), a);
    r.to_11 = fe_mul(to_9, r.to_2);
    const fe to_2_5_1 = fe_mul(fe_sqr(r.to_11), to_9);
    const fe to_2_10_1 = fe_mul(fe_sqr_times(to_2_5_1, 5), to_2_5_1);
    const fe to_2_20_1 = fe_mul(fe_sqr_times(to_2_10_1, 10), to_2_10_1);
    const fe to_2_40_1 = fe_mul(fe_sqr_times(to_2_20_1, 20), to_2_20_1);
    const fe to_2_50_1 = fe_mul(fe_sqr_times(to_2_40_1, 10), to_2_10_1);
    const fe to_2_100_1 = fe_mul(fe_sqr_times(to_2_50_1, 50), to_2_50_1);
    const fe to_2_200_1 = fe_mul(fe_sqr_times(to_2_100_1, 100), to_2_100_1);
    r.to_2_250_1 = fe_mul(fe_sqr_times(to_2_200_1, 50), to_2_50_1);
    return r;
}

/* 1/a = a^(p - 2), p - 2 = (2^250 - 1)·2^5 + 11; zero for zero. */
NOINLINE fe fe_invert(fe a) {
    const fe_powers power = fe_power_chain(a);
    return fe_mul(fe_sqr_times(power.to_2_250_1, 5), power.to_11);
}

/* a^((p - 5)/8), (p - 5)/8 = (2^250 - 1)·2^2 + 1. */
NOINLINE fe fe_power_58(fe a) { return fe_mul(fe_sqr_times(fe_power_chain(a).to_2_250_1, 2), a); }

/* The Legendre symbol a^((p - 1)/2), (p - 1)/2 = (2^250 - 1)·2^4 + 6: one for squares, zero for zero, else minus one. */
NOINLINE fe fe_legendre(fe a) {
    const fe_powers power = fe_power_chain(a);
    const fe to_6 = fe_mul(fe_sqr(power.to_2), power.to_2);
    return fe_mul(fe_sqr_times(power.to_2_250_1, 4), to_6);
}

/* numerator[i] / denominator[i] with one inversion (Montgomery's trick); the quotient by zero is zero.
 *
 * Zero denominators are replaced by one on the way, so that they do not spoil their neighbours.
 */
NOINLINE void fe_divide_all(fe *numerator, fe *denominator, int count) {
    enum { MOST = 64 };
    fe before[MOST]; /* before[i] = denominator[0] · … · denominator[i - 1] */
    const fe zero = fe_small(0), one = fe_small(1);
    fe product = one;
    for (int i = 0; i < count; i++) {
        const mask is_zero = fe_is_zero(denominator[i]);
        numerator[i] = fe_select(is_zero, zero, numerator[i]);
        denominator[i] = fe_select(is_zero, one, denominator[i]);
        before[i] = product;
        product = fe_mul(product, denominator[i]);
    }
    fe inverse = fe_invert(product);
    for (int i = count - 1; i >= 0; i--) {
        numerator[i] = fe_mul(numerator[i], fe_mul(inverse, before[i]));
        inverse = fe_mul(inverse, denominator[i]);
    }
}

#endif
