"""What a kernel must get right before it is trusted: published answers, and OpenSSL on fresh random points.

A few milliseconds, once a process. A mismatch means a miscompiled or unsuitable kernel: it is refused.
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from itertools import accumulate
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from cleanroom._native.kernel import Kernel, KernelError

RANDOM_POINTS: Final = 67  # fills whole vectors of 4 and 8 lanes and leaves some over

# RFC 7748, section 5.2: scalar, u-coordinate, result
LADDER_ANSWERS: Final = (
    ("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
    ("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"),
)
# RFC 9380, appendix J.4.1: message, P.x (little-endian)
HASH_DST: Final = b"QUUX-V01-CS02-with-curve25519_XMD:SHA-512_ELL2_RO_"
HASH_ANSWERS: Final = (
    (b"", "c0982b119dfb1b9dbd6bd1922172fa7f213e6dd149579f2861e867bb0a78e32d"),
    (b"abc", "6d52bc6a6b822e43de0bd75d91600a7bcc72ca0a2b69de72588fd4f2f119442b"),
)
TWO_ON_TWIST: Final = (2).to_bytes(32, "little")  # 2^3 + J·2^2 + 2 is not a square mod p


def check(kernel: Kernel) -> None:
    """KernelError, with the name of the failed test, unless `kernel` passes all of them."""
    tests = {"RFC 7748": _ladder, "RFC 9380": _hash, "OpenSSL": _openssl, "points": _points,
             "SHA-256": _sha256}
    for name, passes in tests.items():
        if not passes(kernel):
            raise KernelError(f"the C kernel {kernel.name} gives a wrong result in the self-test '{name}'",
                              todo="rebuild it, or go on with OpenSSL and report the fault")


def _ladder(kernel: Kernel) -> bool:
    cases = ([bytes.fromhex(text) for text in case] for case in LADDER_ANSWERS)
    return all(kernel.power(scalar, point) == kernel.power_each(scalar, point) == result
               for scalar, point, result in cases)


def _hash(kernel: Kernel) -> bool:
    hashes = kernel.hash_to_curve(HASH_DST, b"", [message for message, _ in HASH_ANSWERS])
    return hashes.hex() == "".join(answer for _, answer in HASH_ANSWERS)


def _openssl(kernel: Kernel) -> bool:
    keys = [X25519PrivateKey.generate() for _ in range(RANDOM_POINTS)]
    points = [key.public_key().public_bytes_raw() for key in keys]
    shared = [keys[0].exchange(X25519PublicKey.from_public_bytes(point)) for point in points]
    first = keys[0].private_bytes_raw()
    scalars = b"".join(key.private_bytes_raw() for key in keys)
    return (kernel.power(first, b"".join(points)) == b"".join(shared)
            == kernel.power_each(scalars, points[0]))


def _sha256(kernel: Kernel) -> bool:
    if not kernel.has_sha256:
        return True
    texts = [bytes([size]) * size for size in range(RANDOM_POINTS)]  # around every padding
    offsets = array("q", accumulate(map(len, texts), initial=0))
    hashes = kernel.sha256(b"prefix", b"h" * len(texts), b"".join(texts), offsets)
    return hashes == b"".join(sha256(b"prefixh" + text).digest() for text in texts)


def _points(kernel: Kernel) -> bool:
    good = kernel.hash_to_curve(HASH_DST, b"", [bytes([i]) for i in range(RANDOM_POINTS)])
    return all(kernel.check_points(good + bad) == RANDOM_POINTS
               for bad in (TWO_ON_TWIST, bytes(32), b"\xff" * 32)) and kernel.check_points(good) == -1
