/* Batches of any size over LANES elements at once. Include last; defines the functions of one kernel. */
#ifndef CLEANROOM_BATCH_H
#define CLEANROOM_BATCH_H

#include "kernel.h"

enum { GROUP = 64, GROUP_POINTS = GROUP * LANES }; /* one inversion for 64 vectors */

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Overwrites what the functions just called have left on the stack: copies of registers, among them scalar bits. */
NOINLINE void wipe_stack(void) {
    uint8_t used[8192];
    wipe(used, sizeof used);
}

/* Lanes beyond `count` repeat the first item: their results are not used. */
INLINE size_t lane_item(size_t lane, size_t count) { return lane < count ? lane : 0; }

/* Decodes `count` <= LANES points. */
INLINE fe load_points(const uint8_t *point, size_t step, size_t count) {
    uint8_t bytes[LANES * POINT_BYTES];
    for (size_t lane = 0; lane < LANES; lane++) {
        memcpy(bytes + POINT_BYTES * lane, point + step * lane_item(lane, count), POINT_BYTES);
    }
    return fe_decode(bytes);
}

static void load_scalars(scalars *s, const uint8_t *scalar, size_t step, size_t count) {
    uint64_t lanes[SCALAR_WORDS][LANES];
    for (size_t lane = 0; lane < LANES; lane++) ladder_scalar(lanes, (int)lane, scalar + step * lane_item(lane, count));
    for (int i = 0; i < SCALAR_WORDS; i++) s->bits[i] = word_load(lanes[i]);
    wipe(lanes, sizeof lanes);
}

/* out = x / z for `count` <= GROUP_POINTS points in vectors of LANES. */
static void store_quotients(uint8_t *out, fe *x, fe *z, size_t count) {
    const size_t vectors = (count + LANES - 1) / LANES;
    uint8_t bytes[LANES * POINT_BYTES];
    fe_divide_all(x, z, (int)vectors);
    for (size_t i = 0; i < vectors; i++) {
        fe_encode(bytes, x[i]);
        memcpy(out + i * sizeof bytes, bytes, smaller(sizeof bytes, (count - i * LANES) * POINT_BYTES));
    }
}

static void power(uint8_t *out, const uint8_t *scalar, size_t scalar_step, const uint8_t *point, size_t point_step,
                  size_t count) {
    fe x[GROUP], z[GROUP];
    scalars s;
    for (size_t done = 0; done < count; done += GROUP_POINTS) {
        const size_t now = smaller(count - done, GROUP_POINTS);
        for (size_t i = 0; i < now; i += LANES) {
            const size_t at = done + i;
            const fe u = load_points(point + point_step * at, point_step, now - i);
            load_scalars(&s, scalar + scalar_step * at, scalar_step, now - i);
            ladder(&x[i / LANES], &z[i / LANES], &u, &s);
        }
        store_quotients(out + done * POINT_BYTES, x, z, now);
    }
    wipe(&s, sizeof s);
    wipe_stack();
}

static void hash_to_curve(uint8_t *out, const hash_input *in, size_t count) {
    fe x[GROUP], z[GROUP], u_0, u_1;
    piece value[LANES];
    expander e;
    expander_init(&e, in->dst, in->dst_size);
    for (size_t done = 0; done < count; done += GROUP_POINTS) {
        const size_t now = smaller(count - done, GROUP_POINTS);
        for (size_t i = 0; i < now; i += LANES) {
            for (size_t lane = 0; lane < LANES; lane++) {
                const int64_t *offset = in->offset + done + i + lane_item(lane, now - i);
                value[lane] = (piece){in->data + offset[0], (size_t)(offset[1] - offset[0])};
            }
            hash_to_field(&u_0, &u_1, &e, (piece){in->prefix, in->prefix_size}, value);
            map_to_group(&x[i / LANES], &z[i / LANES], u_0, u_1);
        }
        store_quotients(out + done * POINT_BYTES, x, z, now);
    }
    wipe_stack();
}

/* Top bit clear and value < p: decoding and encoding again gives the same bytes. */
static int is_canonical(const uint8_t point[POINT_BYTES]) {
    int64_t limb[LIMBS];
    uint8_t again[POINT_BYTES];
    limbs_from_bytes(limb, point);
    limbs_reduce(limb);
    limbs_to_bytes(again, limb);
    return memcmp(again, point, POINT_BYTES) == 0;
}

static ptrdiff_t check_points(const uint8_t *point, size_t count) {
    for (size_t done = 0; done < count; done += LANES) {
        const size_t now = smaller(count - done, LANES);
        uint64_t good[LANES];
        mask_store(good, is_on_curve(load_points(point + done * POINT_BYTES, POINT_BYTES, now)));
        for (size_t lane = 0; lane < now; lane++) {
            if (!good[lane] || !is_canonical(point + (done + lane) * POINT_BYTES)) return (ptrdiff_t)(done + lane);
        }
    }
    return -1;
}

#endif
