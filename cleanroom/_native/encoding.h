/* Little-endian bytes <-> five limbs of 51 bits, one field element at a time.
 *
 * The same scalar code serves every vector width: it costs about 1 % of a ladder. No branch or index depends on
 * the value.
 */
#ifndef CLEANROOM_ENCODING_H
#define CLEANROOM_ENCODING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LIMBS = 5, LIMB_BITS = 51, POINT_BYTES = 32, SCALAR_WORDS = 4 };

static const int64_t LIMB_MASK = ((int64_t)1 << LIMB_BITS) - 1;

static inline uint64_t load_le64(const uint8_t *bytes) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | bytes[i];
    return word;
}

static inline void store_le64(uint8_t *bytes, uint64_t word) {
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(word >> 8 * i);
}

/* Overwrites a secret; the empty assembly makes the compiler believe that the zeros are read. */
static inline void wipe(void *secret, size_t size) {
    memset(secret, 0, size);
    __asm__ volatile("" : : "r"(secret) : "memory");
}

/* 32 bytes -> limbs in [0, 2^51). The top bit is ignored and values >= p are accepted (RFC 7748, section 5). */
static inline void limbs_from_bytes(int64_t limb[LIMBS], const uint8_t bytes[POINT_BYTES]) {
    const uint64_t w0 = load_le64(bytes), w1 = load_le64(bytes + 8);
    const uint64_t w2 = load_le64(bytes + 16), w3 = load_le64(bytes + 24);
    limb[0] = (int64_t)w0 & LIMB_MASK;
    limb[1] = (int64_t)(w0 >> 51 | w1 << 13) & LIMB_MASK;
    limb[2] = (int64_t)(w1 >> 38 | w2 << 26) & LIMB_MASK;
    limb[3] = (int64_t)(w2 >> 25 | w3 << 39) & LIMB_MASK;
    limb[4] = (int64_t)(w3 >> 12) & LIMB_MASK;
}

/* Carry limb by limb; the carry out of the top comes back times 19 because 2^255 = 19 mod p. */
static inline void limbs_carry(int64_t limb[LIMBS]) {
    for (int i = 0; i < LIMBS - 1; i++) {
        limb[i + 1] += limb[i] >> LIMB_BITS;
        limb[i] &= LIMB_MASK;
    }
    limb[0] += 19 * (limb[4] >> LIMB_BITS);
    limb[4] &= LIMB_MASK;
}

/* Any signed limbs below 2^57 in size -> the one representation with 0 <= value < p.
 *
 * The first pass leaves limbs 1 to 4 in [0, 2^51) and limb 0 above -19·2^7, so adding p makes the value positive; it
 * is then below 2^256, and the second pass brings it below 2^255 + 38. Now q = 1 exactly when value >= p, that is when
 * value + 19 reaches 2^255, and value - q·p = value + 19·q - q·2^255.
 */
static inline void limbs_reduce(int64_t limb[LIMBS]) {
    limbs_carry(limb);
    limb[0] += LIMB_MASK - 18;
    for (int i = 1; i < LIMBS; i++) limb[i] += LIMB_MASK;
    limbs_carry(limb);
    int64_t q = (limb[0] + 19) >> LIMB_BITS;
    for (int i = 1; i < LIMBS; i++) q = (limb[i] + q) >> LIMB_BITS;
    limb[0] += 19 * q;
    for (int i = 0; i < LIMBS - 1; i++) {
        limb[i + 1] += limb[i] >> LIMB_BITS;
        limb[i] &= LIMB_MASK;
    }
    limb[4] &= LIMB_MASK;
}

/* Reduced limbs -> 32 bytes. */
static inline void limbs_to_bytes(uint8_t bytes[POINT_BYTES], const int64_t limb[LIMBS]) {
    uint64_t x[LIMBS];
    for (int i = 0; i < LIMBS; i++) x[i] = (uint64_t)limb[i];
    store_le64(bytes, x[0] | x[1] << 51);
    store_le64(bytes + 8, x[1] >> 13 | x[2] << 38);
    store_le64(bytes + 16, x[2] >> 26 | x[3] << 25);
    store_le64(bytes + 24, x[3] >> 39 | x[4] << 12);
}

/* 48 bytes, big-endian (RFC 9380, section 5.2: OS2IP) -> limbs congruent mod p, below 2^56.
 *
 * The 384 bits are cut into eight limbs; limb i + 5 has weight 2^255 times limb i, so it comes back times 19.
 */
static inline void limbs_from_wide(int64_t limb[LIMBS], const uint8_t bytes[48]) {
    uint64_t word[7] = {0};
    for (int i = 0; i < 48; i++) word[i / 8] |= (uint64_t)bytes[47 - i] << 8 * (i % 8);
    for (int i = 0; i < 8; i++) {
        const int bit = LIMB_BITS * i, at = bit / 64, shift = bit % 64;
        uint64_t part = word[at] >> shift;
        if (shift > 13) part |= word[at + 1] << (64 - shift);
        const int64_t cut = (int64_t)part & LIMB_MASK;
        if (i < LIMBS) limb[i] = cut;
        else limb[i - LIMBS] += 19 * cut;
    }
}

/* All ones when the reduced limbs are zero, else all zeros. */
static inline uint64_t limbs_zero_mask(const int64_t limb[LIMBS]) {
    const uint64_t any = (uint64_t)(limb[0] | limb[1] | limb[2] | limb[3] | limb[4]);
    return (uint64_t)((int64_t)(any - 1) >> 63);
}

#endif
