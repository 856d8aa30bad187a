/* SHA-256 of many messages, where the CPU has instructions for it; elsewhere OpenSSL, one by one, is as quick. */
#ifndef CLEANROOM_SHA256_H
#define CLEANROOM_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32 };

/* Message i is prefix || head i || data[offset[i]] .. data[offset[i + 1]]; heads have `head_size` bytes each. */
typedef struct {
    const uint8_t *prefix, *head, *data;
    const int64_t *offset;
    size_t prefix_size, head_size;
} digest_input;

#if defined(CLEANROOM_X86)
/* out[i] = SHA-256 of message i. */
void sha256_each(uint8_t *out, const digest_input *in, size_t count);
#endif

#endif
