/* SHA-256 (FIPS 180-4) with the SHA extensions of x86. Only lengths steer the flow. */
#include "sha256.h"

#include <immintrin.h>
#include <string.h>

#include "encoding.h"

enum { BLOCK = 64, LENGTH_BYTES = 8 };

/* The state as the instructions take it: words a, b, e, f and c, d, g, h, the first one on top. */
typedef struct {
    __m128i abef, cdgh;
    uint8_t block[BLOCK]; /* the last bytes, which do not fill a block yet */
    size_t size;          /* of the message so far */
} hasher;

/* Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t ROUND_CONSTANT[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* Section 5.3.3, in the order of the state. */
static hasher start(void) {
    return (hasher){.abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
                    .cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19)};
}

static __m128i big_endian(__m128i words) {
    return _mm_shuffle_epi8(words, _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
}

/* Section 6.2.2: sixteen times four rounds. w[i & 3] holds four words of the schedule and then the four that come
 * sixteen places later. */
static void compress(hasher *s, const uint8_t *block) {
    __m128i abef = s->abef, cdgh = s->cdgh, w[4];
    for (int i = 0; i < 4; i++) w[i] = big_endian(_mm_loadu_si128((const __m128i *)(block + 16 * i)));
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        const __m128i last = w[(i + 3) & 3];
        if (i >= 4) {
            const __m128i seventh = _mm_alignr_epi8(last, w[(i + 2) & 3], 4);
            w[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]), seventh), last);
        }
        const __m128i sum = _mm_add_epi32(w[i & 3], _mm_loadu_si128((const __m128i *)(ROUND_CONSTANT + 4 * i)));
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    s->abef = _mm_add_epi32(s->abef, abef);
    s->cdgh = _mm_add_epi32(s->cdgh, cdgh);
}

static void update(hasher *s, const uint8_t *bytes, size_t size) {
    const size_t held = s->size % BLOCK, fill = BLOCK - held;
    s->size += size;
    if (size < fill) {
        if (size) memcpy(s->block + held, bytes, size);
        return;
    }
    if (held) {
        memcpy(s->block + held, bytes, fill);
        compress(s, s->block);
        bytes += fill, size -= fill;
    }
    for (; size >= BLOCK; bytes += BLOCK, size -= BLOCK) compress(s, bytes);
    if (size) memcpy(s->block, bytes, size);
}

/* Section 5.1.1: one bit, zeros, and the length in bits. */
static void finish(hasher *s, uint8_t out[DIGEST_BYTES]) {
    const uint64_t bits = 8 * (uint64_t)s->size;
    size_t held = s->size % BLOCK;
    s->block[held++] = 0x80;
    if (held > BLOCK - LENGTH_BYTES) {
        memset(s->block + held, 0, BLOCK - held);
        compress(s, s->block);
        held = 0;
    }
    memset(s->block + held, 0, BLOCK - LENGTH_BYTES - held);
    store_le64(s->block + BLOCK - LENGTH_BYTES, __builtin_bswap64(bits));
    compress(s, s->block);
    const __m128i feba = _mm_shuffle_epi32(s->abef, 0x1b), dchg = _mm_shuffle_epi32(s->cdgh, 0xb1);
    const __m128i abcd = _mm_blend_epi16(feba, dchg, 0xf0), efgh = _mm_alignr_epi8(dchg, feba, 8);
    _mm_storeu_si128((__m128i *)out, big_endian(abcd));
    _mm_storeu_si128((__m128i *)(out + 16), big_endian(efgh));
}

void sha256_each(uint8_t *out, const digest_input *in, size_t count) {
    hasher first = start(), s;
    update(&first, in->prefix, in->prefix_size);
    for (size_t i = 0; i < count; i++) {
        s = first;
        update(&s, in->head + in->head_size * i, in->head_size);
        update(&s, in->data + in->offset[i], (size_t)(in->offset[i + 1] - in->offset[i]));
        finish(&s, out + DIGEST_BYTES * i);
    }
    wipe(&first, sizeof first); /* a prefix can hold a key */
    wipe(&s, sizeof s);
}
