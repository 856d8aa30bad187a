"""Shared by the tests of the primitives: reproducible entropy, a serial backend, published vectors."""

import json
import random
from pathlib import Path

import numpy as np

from cleanroom.adapters.executors import SerialExecutor
from cleanroom.primitives.openssl import OpenSSLBackend

BACKEND = OpenSSLBackend(SerialExecutor())
VECTORS = Path(__file__).parents[1] / "vectors"


class SeededEntropy:
    """Reproducible bytes."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def bytes(self, size, /):
        return self._random.randbytes(size)


def vectors(name):
    """A published vector file, parsed."""
    return json.loads((VECTORS / name).read_text())


def points(*items):
    """Byte strings of 32 bytes as an array of points."""
    return np.frombuffer(b"".join(items), dtype=np.uint8).reshape(-1, 32)


def random_points(seed, count):
    """Scalars, which are also arbitrary u-coordinates."""
    return points(SeededEntropy(seed).bytes(32 * count))
