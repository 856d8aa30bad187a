/* hash_to_field of curve25519_XMD:SHA-512_ELL2_RO_ (RFC 9380, sections 5.2 and 5.3.1). Include after sha512.h. */
#ifndef CLEANROOM_HASH_TO_FIELD_H
#define CLEANROOM_HASH_TO_FIELD_H

enum { ELEMENT_BYTES = 48, EXPANDED_BYTES = 2 * ELEMENT_BYTES, MAX_DST_BYTES = 255 };

/* What is the same for all messages: the state after the block of zeros, and the texts that follow the message. */
typedef struct {
    hash_state after_zeros;
    uint8_t tail_0[3 + MAX_DST_BYTES + 1]; /* I2OSP(96, 2) || 0 || DST_prime */
    uint8_t tail_1[1 + MAX_DST_BYTES + 1]; /* 1 || DST_prime */
    uint8_t tail_2[1 + MAX_DST_BYTES + 1]; /* 2 || DST_prime */
    size_t dst_size;                       /* of DST_prime */
} expander;

static void expander_init(expander *e, const uint8_t *dst, size_t size) {
    const uint8_t heads[5] = {0, EXPANDED_BYTES, 0, 1, 2};
    uint8_t dst_prime[MAX_DST_BYTES + 1];
    memcpy(dst_prime, dst, size);
    dst_prime[size] = (uint8_t)size;
    e->dst_size = size + 1;
    memcpy(e->tail_0, heads, 3);
    memcpy(e->tail_0 + 3, dst_prime, e->dst_size);
    e->tail_1[0] = heads[3];
    memcpy(e->tail_1 + 1, dst_prime, e->dst_size);
    e->tail_2[0] = heads[4];
    memcpy(e->tail_2 + 1, dst_prime, e->dst_size);
    word zeros[16];
    for (int i = 0; i < 16; i++) zeros[i] = broadcast(0);
    e->after_zeros = hash_block(hash_start(), zeros);
}

/* b_1 || b_2 of expand_message_xmd for the message prefix || value of each lane; the first 96 bytes are the result. */
static void expand_lanes(uint8_t expanded[LANES][2 * HASH_BYTES], const expander *e, piece prefix,
                         const piece value[LANES]) {
    uint8_t b_0[LANES][HASH_BYTES], b_1[LANES][HASH_BYTES], b_2[LANES][HASH_BYTES];
    piece part[LANES][PIECES];
    for (int lane = 0; lane < LANES; lane++) {
        part[lane][0] = prefix;
        part[lane][1] = value[lane];
        part[lane][2] = (piece){e->tail_0, 3 + e->dst_size};
    }
    hash_lanes(b_0, e->after_zeros, BLOCK_BYTES, (const piece(*)[PIECES])part);
    for (int lane = 0; lane < LANES; lane++) {
        part[lane][0] = (piece){b_0[lane], HASH_BYTES};
        part[lane][1] = (piece){e->tail_1, 1 + e->dst_size};
        part[lane][2] = (piece){b_0[lane], 0};
    }
    hash_lanes(b_1, hash_start(), 0, (const piece(*)[PIECES])part);
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < HASH_BYTES; i++) b_0[lane][i] ^= b_1[lane][i];
        part[lane][1].bytes = e->tail_2;
    }
    hash_lanes(b_2, hash_start(), 0, (const piece(*)[PIECES])part);
    for (int lane = 0; lane < LANES; lane++) {
        memcpy(expanded[lane], b_1[lane], HASH_BYTES);
        memcpy(expanded[lane] + HASH_BYTES, b_2[lane], HASH_BYTES);
    }
    wipe(b_0, sizeof b_0);
    wipe(b_1, sizeof b_1);
    wipe(b_2, sizeof b_2);
}

/* u_0 and u_1 of each lane. */
static void hash_to_field(fe *u_0, fe *u_1, const expander *e, piece prefix, const piece value[LANES]) {
    uint8_t expanded[LANES][2 * HASH_BYTES];
    int64_t lanes_0[LIMBS][LANES], lanes_1[LIMBS][LANES], limb[LIMBS];
    expand_lanes(expanded, e, prefix, value);
    for (int lane = 0; lane < LANES; lane++) {
        limbs_from_wide(limb, expanded[lane]);
        for (int i = 0; i < LIMBS; i++) lanes_0[i][lane] = limb[i];
        limbs_from_wide(limb, expanded[lane] + ELEMENT_BYTES);
        for (int i = 0; i < LIMBS; i++) lanes_1[i][lane] = limb[i];
    }
    *u_0 = fe_load(lanes_0);
    *u_1 = fe_load(lanes_1);
    wipe(expanded, sizeof expanded);
}

#endif
