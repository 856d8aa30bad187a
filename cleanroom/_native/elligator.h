/* Hashing to Curve25519 after the message expansion: two field elements -> one u-coordinate. Include after field_ops.h.
 *
 * y^2 = x^3 + J·x^2 + x with J = 486662. No branch or index depends on a value.
 */
#ifndef CLEANROOM_ELLIGATOR_H
#define CLEANROOM_ELLIGATOR_H

enum { CURVE_J = 486662 };

/* 2^((p + 3)/8) and the square root of -1 that is 2^((p - 1)/4). */
static const int64_t ROOT_OF_TWO[LIMBS] = {
    0x61b274a0ea0b1, 0xd5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d};
static const int64_t ROOT_OF_MINUS_ONE[LIMBS] = {
    0x61b274a0ea0b0, 0xd5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d};

/* The point (x_top / x_bottom, y). */
typedef struct { fe x_top, x_bottom, y; } affine_y;

INLINE mask fe_equal(fe a, fe b) { return fe_is_zero(fe_sub(a, b)); }
INLINE fe fe_times_j(fe a) { return acc_carry(acc_add_small(fe_wide(fe_small(0)), a, CURVE_J)); }

/* map_to_curve_elligator2_curve25519: RFC 9380, appendix G.2.1, whose names are kept in the comments. */
NOINLINE affine_y elligator2(fe u) {
    const fe one = fe_small(1), zero = fe_small(0);
    const fe root_2 = fe_constant(ROOT_OF_TWO), root_m1 = fe_constant(ROOT_OF_MINUS_ONE);
    const fe u_2 = fe_sqr(u), tv1 = fe_add(u_2, u_2);                  /* 2u^2 */
    const fe xd = fe_add(tv1, one);                                    /* never zero: -1/2 is not a square */
    const fe x1n = fe_small(-CURVE_J);                                 /* x1 = x1n / xd */
    const fe xd_2 = fe_sqr(xd), gxd = fe_mul(xd_2, xd);
    const fe j_tv1 = fe_times_j(tv1);
    const fe gx1 = fe_mul(fe_add(fe_mul(j_tv1, x1n), xd_2), x1n);      /* x1n^3 + J x1n^2 xd + x1n xd^2 */
    const fe gxd_2 = fe_sqr(gxd);
    const fe tv3 = fe_mul(fe_mul(gxd_2, gxd), gx1);                    /* gx1 gxd^3 */
    const fe tv2 = fe_mul(fe_sqr(gxd_2), tv3);                         /* gx1 gxd^7 */
    const fe y11 = fe_mul(fe_power_58(tv2), tv3);
    const fe y12 = fe_mul(y11, root_m1);
    const mask e1 = fe_equal(fe_mul(fe_sqr(y11), gxd), gx1);
    const fe y1 = fe_select(e1, y11, y12);                             /* the root of g(x1), if it has one */
    const fe x2n = fe_mul(x1n, tv1);                                   /* x2 = x2n / xd = 2u^2 x1 */
    const fe y21 = fe_mul(fe_mul(y11, u), root_2);
    const fe y22 = fe_mul(y21, root_m1);
    const fe gx2 = fe_mul(gx1, tv1);
    const mask e2 = fe_equal(fe_mul(fe_sqr(y21), gxd), gx2);
    const fe y2 = fe_select(e2, y21, y22);                             /* the root of g(x2), if it has one */
    const mask e3 = fe_equal(fe_mul(fe_sqr(y1), gxd), gx1);            /* g(x1) is a square */
    const fe x = fe_select(e3, x1n, x2n), y = fe_select(e3, y1, y2);
    const fe minus_y = fe_sub(zero, y);                                /* sgn0(y) = 1 exactly when e3 */
    const mask odd = fe_is_odd(y);
    const affine_y r = {x, xd, fe_select(odd, fe_select(e3, y, minus_y), fe_select(e3, minus_y, y))};
    return r;
}

/* x of the sum of two points as top / bottom, from x3 = ((y2 - y1)/(x2 - x1))^2 - J - x1 - x2.
 *
 * With b = b1·b2, d = t2·b1 - t1·b2 and s = t1·b2 + t2·b1: x3 = ((y2 - y1)^2 b^3 - (J b + s) d^2) / (b d^2). Equal x
 * (P + P or P - P, a chance of 2^-252 for hashes) give bottom = 0, which the division turns into zero: a refused point.
 */
NOINLINE void add_points(fe *top, fe *bottom, const affine_y *p1, const affine_y *p2) {
    const fe t1_b2 = fe_mul(p1->x_top, p2->x_bottom), t2_b1 = fe_mul(p2->x_top, p1->x_bottom);
    const fe b = fe_mul(p1->x_bottom, p2->x_bottom), d_2 = fe_sqr(fe_sub(t2_b1, t1_b2));
    const fe rise = fe_mul(fe_sub(p2->y, p1->y), b);
    const fe minus = fe_add(fe_times_j(b), fe_add(t1_b2, t2_b1));
    *top = acc_carry(acc_sub(fe_mul_wide(fe_sqr(rise), b), fe_mul_wide(minus, d_2)));
    *bottom = fe_mul(b, d_2);
}

/* (x : z) -> 2·(x : z), the doubling of RFC 7748. */
INLINE void double_point(fe *x, fe *z) {
    const acc aa = fe_sqr_wide(fe_add(*x, *z)), bb = fe_sqr_wide(fe_sub(*x, *z));
    const fe e = acc_carry(acc_sub(aa, bb));
    *x = fe_mul(acc_carry(aa), acc_carry(bb));
    *z = fe_mul(e, acc_carry(acc_add_small(aa, e, 121665)));
}

/* clear_cofactor(elligator2(u0) + elligator2(u1)): the cofactor is 8. */
static inline void map_to_group(fe *x, fe *z, fe u0, fe u1) {
    const affine_y p0 = elligator2(u0), p1 = elligator2(u1);
    add_points(x, z, &p0, &p1);
    for (int i = 0; i < 3; i++) double_point(x, z);
}

/* Where u(u^2 + J·u + 1) is a non-zero square: (u, y) lies on the curve, not on its twist, and is not (0, 0). */
NOINLINE mask is_on_curve(fe u) {
    const fe one = fe_small(1);
    const fe right = fe_mul(fe_add(fe_add(fe_sqr(u), fe_times_j(u)), one), u);
    return fe_equal(fe_legendre(right), one);
}

#endif
