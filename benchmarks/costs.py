"""Seconds of the operations that `cleanroom plan` counts: `python benchmarks/costs.py`, on an idle machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.system import SystemEntropy
from cleanroom.primitives.backend import Backend, Texts
from cleanroom.primitives.kmac import kmac256
from cleanroom.primitives.lattice import Accumulator, Mask, SecretKey, expand_c1, masked_sums
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.primitives.ring import N

POINTS, COLUMNS, REPEATS = 4096, 8, 5


def best(action: Callable[[], object], operations: int) -> float:
    """Seconds an operation of processor time, the quickest of a few rounds: other load only slows."""
    found = []
    for _ in range(REPEATS):
        start = time.process_time()
        action()
        found.append(time.process_time() - start)
    return min(found) / operations


def measured(backend: Backend) -> dict[str, float]:
    """Seconds of one core by operation."""
    entropy = SystemEntropy()
    keys = [b"person%d@example.com" % i for i in range(POINTS)]
    scalars = np.frombuffer(entropy.bytes(32 * POINTS), np.uint8).reshape(-1, 32)
    points, scalar, ctx = backend.power_base(scalars), entropy.bytes(32), entropy.bytes(64)
    secret = SecretKey.generate(ctx, entropy, backend)
    values, blocks = np.ones((COLUMNS, N), dtype=np.int64), iter(range(1, 10_000))
    texts = Texts.of(keys)
    c0, c1 = secret.begin_encrypt(range(COLUMNS), 0, values).result(), expand_c1(ctx, secret.seed, range(COLUMNS), 0)
    mask, total = Mask(np.ones(N, dtype=bool), backend), Accumulator(COLUMNS, backend)
    total.add(mask, c0, c1)
    sealed, _ = masked_sums(total, secret.public_key, entropy, backend)
    return {
        "hash": best(lambda: backend.hash_to_curve(b"benchmark", ctx, keys), POINTS),
        "power": best(lambda: backend.power(scalar, points), POINTS),
        "base": best(lambda: backend.power_base(scalars), POINTS),
        "check": best(lambda: backend.check_points(points), POINTS),
        "encrypt": best(lambda: secret.begin_encrypt(range(COLUMNS), next(blocks), values).result(), COLUMNS),
        "expand": best(lambda: expand_c1(ctx, secret.seed, range(COLUMNS), 1), COLUMNS),
        "mask": best(lambda: Mask(np.ones(N, dtype=bool), backend), 1),
        "add": best(lambda: total.add(mask, c0, c1), COLUMNS),
        "seal": best(lambda: masked_sums(total, secret.public_key, entropy, backend), COLUMNS),
        "open": best(lambda: secret.open_sums(sealed), COLUMNS),
        "mac": best(lambda: kmac256(scalar, b"benchmark", b"email", texts), POINTS),
    }


def main() -> None:
    """Measure OpenSSL and, where it is built, the C kernel; print the constants of `session.costs`, microseconds."""
    backends = [OpenSSLBackend(SerialExecutor()), choose_arithmetic(1).backend]
    for backend in {each.name: each for each in backends}.values():
        print(f"{backend.name}: " + ", ".join(f"{name} {1e6 * value:.1f}" for name, value in measured(backend).items()))


if __name__ == "__main__":
    main()
