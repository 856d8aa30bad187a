/* x86-64 with AVX-512 F, DQ and IFMA; compiled for these, called only where the CPU has all of them. */
#include "field_ifma.h"
#include "field_ops.h"
#include "ladder.h"
#include "elligator.h"
#include "sha512.h"
#include "hash_to_field.h"
#include "ring.h"
#include "batch.h"
#include "batch_test.h"

const kernel kernel_ifma = {
    "ifma", LANES, power, hash_to_curve, check_points,
    ring_transform, ring_multiply_add, ring_reduce, field_test, map_test,
};
