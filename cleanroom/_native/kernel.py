"""The typed face of the C module."""

from __future__ import annotations

import importlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import ModuleType
from typing import Any

from cleanroom.errors import SettingsError

Buffer = Any  # an object with a contiguous buffer; `collections.abc.Buffer` needs Python 3.12


class KernelError(SettingsError):
    """The C kernel cannot be used here; the text says why."""


@dataclass(frozen=True, repr=False)
class Kernel:
    """One instruction set's version of the batch operations, which release the interpreter lock.

    Buffers must be contiguous. A wrong size raises ValueError; a buffer with gaps, or one that cannot be
    written to where it must be, ValueError, TypeError or BufferError, whichever its owner raises.
    """

    name: str
    _number: int
    _module: ModuleType

    def __repr__(self) -> str:
        return f"Kernel({self.name})"

    def power(self, scalar: Buffer, points: Buffer) -> bytes:
        """X25519 (RFC 7748 §5) of one 32-byte scalar and each of n 32-byte u-coordinates: n·32 bytes.

        As in the RFC the scalar is clamped, the top bit of a coordinate is ignored, values ≥ p are accepted,
        and points of small order give zeros.
        """
        return bytes(self._module.power(self._number, scalar, points))

    def power_each(self, scalars: Buffer, point: Buffer) -> bytes:
        """X25519 of each of n 32-byte scalars and one u-coordinate: n·32 bytes."""
        return bytes(self._module.power_each(self._number, scalars, point))

    def hash_to_curve(self, dst: Buffer, prefix: Buffer, messages: Sequence[bytes]) -> bytes:
        """u-coordinates of curve25519_XMD:SHA-512_ELL2_RO_ (RFC 9380 §8.5) of `prefix` ‖ message: n·32 bytes.

        `dst` has 1 to 255 bytes.
        """
        offsets = array("q", accumulate(map(len, messages), initial=0))
        return self.hash_texts(dst, prefix, b"".join(messages), offsets)

    def hash_texts(self, dst: Buffer, prefix: Buffer, data: Buffer, offsets: Buffer) -> bytes:
        """`hash_to_curve` of n messages that lie in one buffer, between n + 1 ascending offsets (int64)."""
        return bytes(self._module.hash_to_curve(self._number, dst, prefix, data, offsets))

    def check_points(self, points: Buffer) -> int:
        """Index of the first 32-byte coordinate that is ≥ p, zero, or on the twist of the curve; else -1."""
        return int(self._module.check_points(self._number, points))

    @property
    def has_sha256(self) -> bool:
        """Whether this CPU has instructions for it, which `sha256` needs."""
        return bool(self._module.has_sha256())

    def sha256(self, prefix: Buffer, heads: Buffer, data: Buffer, offsets: Buffer) -> bytes:
        """SHA-256 of `prefix` ‖ head i ‖ text i: n·32 bytes. Heads of one size lie one after the other; texts as in
        `hash_texts`."""
        return bytes(self._module.sha256(prefix, heads, data, offsets))

    def ring_transform(self, table: bytes, polys: Buffer, *, inverse: bool) -> None:
        """Transform k reduced ring elements (k·4·4096 uint64) in place; `table` from `primitives.native`."""
        self._module.ring_transform(self._number, table, polys, inverse)

    def ring_multiply_add(self, total: Buffer, left: Buffer, right: Buffer) -> None:
        """total[i] += left ∘ right[i] for k ring elements and one `left`, not reduced, in place."""
        self._module.ring_multiply_add(self._number, total, left, right)

    def ring_reduce(self, table: bytes, polys: Buffer) -> None:
        """Reduce k ring elements of any uint64 below their primes, in place."""
        self._module.ring_reduce(self._number, table, polys)


def _module() -> ModuleType:
    try:
        return importlib.import_module("cleanroom._native._kernel")
    except ImportError as error:
        raise KernelError("the C kernel is not built or does not load", where=str(error.name or ""),
                          todo="install a C compiler and reinstall, or go on with OpenSSL") from error


def kernels() -> tuple[Kernel, ...]:
    """Every kernel this CPU can run, fastest first, untested. KernelError if the extension is not there."""
    module = _module()
    return tuple(Kernel(name, number, module) for number, name in enumerate(module.kernels()))[::-1]
