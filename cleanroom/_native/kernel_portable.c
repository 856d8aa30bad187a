/* Any 64-bit machine. */
#include "field_portable.h"
#include "field_ops.h"
#include "ladder.h"
#include "elligator.h"
#include "sha512.h"
#include "hash_to_field.h"
#include "ring.h"
#include "batch.h"
#include "batch_test.h"

const kernel kernel_portable = {
    "portable", LANES, power, hash_to_curve, check_points,
    ring_transform, ring_multiply_add, ring_reduce, field_test, map_test,
};
