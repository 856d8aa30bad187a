/* What the tests may call of a kernel. Include after batch.h. */
#ifndef CLEANROOM_BATCH_TEST_H
#define CLEANROOM_BATCH_TEST_H

static fe field_operate(enum field_operation operation, fe a, fe b) {
    switch (operation) {
    case TEST_MUL: return fe_mul(a, b);
    case TEST_SQR: return fe_sqr(a);
    case TEST_ADD: return fe_add(a, b);
    case TEST_SUB: return fe_sub(a, b);
    case TEST_ADD_SMALL: return acc_carry(acc_add_small(fe_mul_wide(a, b), a, 121665));
    case TEST_SUM_OF_PRODUCTS: return acc_carry(acc_add(fe_mul_wide(a, b), fe_sqr_wide(a)));
    case TEST_DIFFERENCE_OF_PRODUCTS: return acc_carry(acc_sub(fe_mul_wide(a, b), fe_sqr_wide(a)));
    case TEST_INVERT: return fe_invert(a);
    case TEST_LEGENDRE: return fe_legendre(a);
    default: return a;
    }
}

static void field_test(int64_t *out, enum field_operation operation, const int64_t *a, const int64_t *b, size_t count) {
    int64_t a_lanes[LIMBS][LANES], b_lanes[LIMBS][LANES], out_lanes[LIMBS][LANES];
    for (size_t done = 0; done < count; done += LANES) {
        const size_t now = smaller(count - done, LANES);
        for (size_t i = 0; i < LIMBS * LANES; i++) {
            const size_t at = LIMBS * (done + lane_item(i % LANES, now)) + i / LANES;
            a_lanes[i / LANES][i % LANES] = a[at];
            b_lanes[i / LANES][i % LANES] = b[at];
        }
        const fe left = operation == TEST_LOAD ? fe_load(a_lanes) : fe_load_exact(a_lanes);
        fe_store(out_lanes, field_operate(operation, left, fe_load_exact(b_lanes)));
        if (operation == TEST_REDUCE) memcpy(out_lanes, a_lanes, sizeof out_lanes);
        for (size_t lane = 0; lane < now; lane++) {
            int64_t *limb = out + LIMBS * (done + lane);
            for (int i = 0; i < LIMBS; i++) limb[i] = out_lanes[i][lane];
            if (operation == TEST_REDUCE) limbs_reduce(limb);
        }
    }
}

static void map_test(uint8_t *out, const uint8_t *u_0, const uint8_t *u_1, size_t count) {
    fe x, z;
    for (size_t at = 0; at < count; at += LANES) {
        const size_t now = smaller(count - at, LANES), start = at * POINT_BYTES;
        map_to_group(&x, &z, load_points(u_0 + start, POINT_BYTES, now), load_points(u_1 + start, POINT_BYTES, now));
        store_quotients(out + start, &x, &z, now);
    }
}

#endif
