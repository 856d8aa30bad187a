/* X25519 (RFC 7748, section 5) on LANES points at once. Include after field_ops.h.
 *
 * Nothing here depends on a scalar but the masks of `fe_select`; the loop counter is the only branch.
 */
#ifndef CLEANROOM_LADDER_H
#define CLEANROOM_LADDER_H

/* A point (X : Z) kept as X + Z and X - Z, so that sums are taken before the carry of the products they follow. */
typedef struct { fe sum, difference; } xz;

/* A scalar in each lane, prepared by `ladder_scalar`: bit t says whether bits t and t + 1 of the clamped scalar differ. */
typedef struct { word bits[SCALAR_WORDS]; } scalars;

/* RFC 7748, section 5: clamp; then s xor (s >> 1). `lanes` is word-major. */
static inline void ladder_scalar(uint64_t lanes[SCALAR_WORDS][LANES], int lane, const uint8_t bytes[32]) {
    uint64_t s[SCALAR_WORDS + 1] = {0};
    for (int i = 0; i < SCALAR_WORDS; i++) s[i] = load_le64(bytes + 8 * i);
    s[0] &= ~(uint64_t)7;
    s[3] = (s[3] & ~((uint64_t)1 << 63)) | (uint64_t)1 << 62;
    for (int i = 0; i < SCALAR_WORDS; i++) lanes[i][lane] = s[i] ^ (s[i] >> 1 | s[i + 1] << 63);
    wipe(s, sizeof s);
}

/* One step: (P, Q) with Q - P = ±(u : 1) becomes (2·D, P + Q), where D is Q in the lanes of `swap`, else P.
 *
 * P + Q: with da = (X_P - Z_P)(X_Q + Z_Q) and cb = (X_P + Z_P)(X_Q - Z_Q), X = (da + cb)^2 and Z = u·(da - cb)^2; both
 * are symmetric in P and Q. 2·D: with aa = (X + Z)^2, bb = (X - Z)^2 and e = aa - bb, X = aa·bb and
 * Z = e·(aa + 121665·e).
 */
INLINE void ladder_step(xz *p, xz *q, fe u, mask swap) {
    const acc da = fe_mul_wide(p->difference, q->sum), cb = fe_mul_wide(p->sum, q->difference);
    const fe d_sum = fe_select(swap, q->sum, p->sum), d_difference = fe_select(swap, q->difference, p->difference);
    const fe total = acc_carry(acc_add(da, cb)), gap = acc_carry(acc_sub(da, cb));
    const acc x_q = fe_sqr_wide(total), z_q = fe_mul_wide(fe_sqr(gap), u);
    q->sum = acc_carry(acc_add(x_q, z_q));
    q->difference = acc_carry(acc_sub(x_q, z_q));
    const acc aa = fe_sqr_wide(d_sum), bb = fe_sqr_wide(d_difference);
    const fe e = acc_carry(acc_sub(aa, bb));
    const acc x_p = fe_mul_wide(acc_carry(aa), acc_carry(bb));
    const acc z_p = fe_mul_wide(e, acc_carry(acc_add_small(aa, e, 121665)));
    p->sum = acc_carry(acc_add(x_p, z_p));
    p->difference = acc_carry(acc_sub(x_p, z_p));
}

/* scalar·(u : 1) = (x : z), both scaled by 2.
 *
 * After the step of bit t, P is the multiple that belongs to the bit; so the next doubling takes the other one exactly
 * when the bits differ. The last three bits of a clamped scalar are zero: P ends as the result.
 */
NOINLINE void ladder(fe *x, fe *z, const fe *u, const scalars *scalar) {
    const fe one = fe_small(1);
    xz p = {one, one}, q = {fe_add(*u, one), fe_sub(*u, one)};
    for (int t = 254; t >= 0; t--) ladder_step(&p, &q, *u, mask_of_bit(scalar->bits[t >> 6], t & 63));
    *x = fe_add(p.sum, p.difference);
    *z = fe_sub(p.sum, p.difference);
}

#endif
