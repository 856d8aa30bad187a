/* x86-64 with AVX2 and FMA; compiled with -mavx2 -mfma, called only where the CPU has both. */
#include "field_avx2.h"
#include "field_ops.h"
#include "ladder.h"
#include "elligator.h"
#include "sha512.h"
#include "hash_to_field.h"
#include "ring.h"
#include "batch.h"
#include "batch_test.h"

const kernel kernel_avx2 = {
    "avx2", LANES, power, hash_to_curve, check_points,
    ring_transform, ring_multiply_add, ring_reduce, field_test, map_test,
};
