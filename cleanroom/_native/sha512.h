/* SHA-512 (FIPS 180-4) of LANES messages at once. Include after a field header.
 *
 * Written with the compiler's vector types: the same text is scalar code when LANES is 1. Only lengths steer the flow.
 */
#ifndef CLEANROOM_SHA512_H
#define CLEANROOM_SHA512_H

#include <stddef.h>

enum { HASH_BYTES = 64, BLOCK_BYTES = 128, PIECES = 3 };

typedef struct { const uint8_t *bytes; size_t size; } piece;
typedef struct { word h[8]; } hash_state;

/* FIPS 180-4, section 4.2.3: the first 64 bits of the fractional parts of the cube roots of the first 80 primes. */
static const uint64_t ROUND_CONSTANT[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

/* Section 5.3.5: the same of the square roots of the first eight primes. */
static const uint64_t INITIAL_HASH[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

INLINE word rotate_right(word x, int n) { return x >> n | x << (64 - n); }
INLINE word big_sigma0(word x) { return rotate_right(x, 28) ^ rotate_right(x, 34) ^ rotate_right(x, 39); }
INLINE word big_sigma1(word x) { return rotate_right(x, 14) ^ rotate_right(x, 18) ^ rotate_right(x, 41); }
INLINE word small_sigma0(word x) { return rotate_right(x, 1) ^ rotate_right(x, 8) ^ x >> 7; }
INLINE word small_sigma1(word x) { return rotate_right(x, 19) ^ rotate_right(x, 61) ^ x >> 6; }
INLINE word choose(word x, word y, word z) { return (x & (y ^ z)) ^ z; }
INLINE word majority(word x, word y, word z) { return (x & y) | (z & (x | y)); }

INLINE hash_state hash_start(void) {
    hash_state s;
    for (int i = 0; i < 8; i++) s.h[i] = broadcast(INITIAL_HASH[i]);
    return s;
}

/* Section 6.4.2, one block in each lane; the schedule w is overwritten in place, 16 words at a time. */
NOINLINE hash_state hash_block(hash_state s, word w[16]) {
    word a = s.h[0], b = s.h[1], c = s.h[2], d = s.h[3], e = s.h[4], f = s.h[5], g = s.h[6], h = s.h[7];
    for (int t = 0; t < 80; t += 16) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            if (t) w[i] += small_sigma1(w[(i + 14) & 15]) + w[(i + 9) & 15] + small_sigma0(w[(i + 1) & 15]);
            const word t1 = h + big_sigma1(e) + choose(e, f, g) + broadcast(ROUND_CONSTANT[t + i]) + w[i];
            const word t2 = big_sigma0(a) + majority(a, b, c);
            h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
    }
    const word sum[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) s.h[i] += sum[i];
    return s;
}

static inline uint64_t load_be64(const uint8_t *bytes) { return __builtin_bswap64(load_le64(bytes)); }
static inline void store_be64(uint8_t *bytes, uint64_t x) { store_le64(bytes, __builtin_bswap64(x)); }

static inline size_t pieces_size(const piece part[PIECES]) { return part[0].size + part[1].size + part[2].size; }

/* Blocks of a message of this size with its padding: one bit, zeros, and the length in 16 bytes. */
static inline size_t padded_blocks(size_t size) { return (size + 1 + 16 + BLOCK_BYTES - 1) / BLOCK_BYTES; }

/* Block `index` of the concatenated pieces, padded (section 5.1.2); `before` bytes have been hashed already. */
static void padded_block(uint8_t block[BLOCK_BYTES], const piece part[PIECES], size_t index, size_t before) {
    const size_t first = index * BLOCK_BYTES, size = pieces_size(part);
    size_t start = 0; /* of the piece, in the message */
    memset(block, 0, BLOCK_BYTES);
    for (int i = 0; i < PIECES; start += part[i++].size) {
        const size_t from = start > first ? start : first;
        const size_t end = start + part[i].size, last = first + BLOCK_BYTES, to = end < last ? end : last;
        if (from < to) memcpy(block + (from - first), part[i].bytes + (from - start), to - from);
    }
    if (first <= size && size < first + BLOCK_BYTES) block[size - first] = 0x80;
    if (index + 1 == padded_blocks(size)) store_be64(block + BLOCK_BYTES - 8, 8 * (uint64_t)(before + size));
}

/* The digest of each lane's pieces, going on from `s` after `before` bytes, the same in all lanes. */
static void hash_lanes(uint8_t digest[LANES][HASH_BYTES], hash_state s, size_t before,
                       const piece part[LANES][PIECES]) {
    size_t blocks[LANES], most = 0;
    for (int lane = 0; lane < LANES; lane++) {
        blocks[lane] = padded_blocks(pieces_size(part[lane]));
        if (blocks[lane] > most) most = blocks[lane];
    }
    uint8_t block[BLOCK_BYTES];
    uint64_t in[16][LANES], out[8][LANES];
    word w[16];
    for (size_t index = 0; index < most; index++) {
        for (int lane = 0; lane < LANES; lane++) {
            if (index < blocks[lane]) padded_block(block, part[lane], index, before);
            for (int i = 0; i < 16; i++) in[i][lane] = load_be64(block + 8 * i);
        }
        for (int i = 0; i < 16; i++) w[i] = word_load(in[i]);
        s = hash_block(s, w);
        memcpy(out, &s, sizeof out);
        for (int lane = 0; lane < LANES; lane++) {
            if (index + 1 != blocks[lane]) continue; /* longer messages of other lanes go on */
            for (int i = 0; i < 8; i++) store_be64(digest[lane] + 8 * i, out[i][lane]);
        }
    }
    wipe(block, sizeof block);
    wipe(in, sizeof in);
    wipe(w, sizeof w);
}

#endif
