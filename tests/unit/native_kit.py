"""What the tests of the C kernel share: the kernels of this CPU, seeded bytes, and OpenSSL as the judge."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from cleanroom._native import Kernel, KernelError, kernels

P = 2**255 - 19
J = 486662
VECTORS = Path(__file__).parents[1] / "vectors"

# RFC 7748 and "may the fourth": u of order 1, 2, 4 and 8 on the curve and on its twist, canonical and not
SMALL_ORDER = (
    0, 1, P - 1, P, P + 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)


def all_kernels() -> tuple[Kernel, ...]:
    """The kernels of this CPU; none when the extension is not built."""
    try:
        return kernels()
    except KernelError:
        return ()


each_kernel = pytest.mark.parametrize("kernel", all_kernels(), ids=lambda kernel: kernel.name)


def random_bytes(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


def encode(*values: int) -> bytes:
    """Little-endian, 32 bytes each."""
    return b"".join(value.to_bytes(32, "little") for value in values)


def split(points: bytes) -> list[bytes]:
    return [points[i : i + 32] for i in range(0, len(points), 32)]


def openssl(scalar: bytes, point: bytes) -> bytes:
    """X25519 by OpenSSL, which refuses the all-zero result by raising."""
    try:
        return X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError:
        return bytes(32)


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def is_curve_point(u: int) -> bool:
    """u(u^2 + J·u + 1) is a non-zero square mod p."""
    return pow(u * (u * u + J * u + 1), (P - 1) // 2, P) == 1
