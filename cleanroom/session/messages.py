"""The messages of a run. Their repr is silent; `parts` is what the transcript absorbs.

Arrays are numpy; shapes are given per class. Values from the wire have met the bounds of `limits` already
(wire/codec.py), their meaning is checked by the receiving side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cleanroom.ports import Entry

Part = bytes | int


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Message:
    """Base of all messages."""

    label: ClassVar[str] = ""

    def __repr__(self) -> str:
        return type(self).__name__

    def parts(self) -> Iterator[Part]:
        """The message as bytes and integers, for the transcript hash."""
        raise TypeError("only concrete messages have parts")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Hello(Message):
    """Both, first. Says who speaks about which run, and nothing about people.

    `oldest` to `version`: the protocol versions that the sender speaks.
    """

    label: ClassVar[str] = "hello"
    version: int
    oldest: int
    software: str
    role: str
    contract: bytes
    run: bytes
    nonce: bytes
    unix_time: int

    def parts(self) -> Iterator[Part]:
        yield from (self.version, self.oldest, self.software.encode(), self.role.encode(), self.contract, self.run,
                    self.nonce, self.unix_time)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Account(Message):
    """Both, after the hellos: the own ledger's entries of this contract, and earlier runs with the same own input.

    `confirmed`: for each entry, whether the sender saw that the receiver's ledger holds it. `same`: run ids.
    """

    label: ClassVar[str] = "account"
    entries: tuple[Entry, ...]
    confirmed: tuple[bool, ...]
    same: tuple[bytes, ...]

    def parts(self) -> Iterator[Part]:
        yield len(self.entries)
        for entry, confirmed in zip(self.entries, self.confirmed, strict=True):
            yield from (entry.run.encode(), entry.part.encode(), entry.epsilon, entry.delta, int(confirmed))
        yield len(self.same)
        yield from self.same


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Sizes(Message):
    """Both, after the accounts. `rows`: the advertiser's padded cell sizes, or the retailer's padded row count alone.

    `blinding_key` is X25519(a, 9) from the advertiser and empty from the retailer; in the salted-hash mode it is the
    ephemeral key of each side.
    """

    label: ClassVar[str] = "sizes"
    rows: tuple[int, ...]
    blinding_key: bytes

    def parts(self) -> Iterator[Part]:
        yield len(self.rows)
        yield from self.rows
        yield self.blinding_key


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Points(Message):
    """Part of a list of K-tuples: rows offset … of (n, K, 32) uint8. The step says which list."""

    label: ClassVar[str] = "points"
    offset: int
    tuples: npt.NDArray[np.uint8]

    def parts(self) -> Iterator[Part]:
        yield from (self.offset, *self.tuples.shape, self.tuples.tobytes())


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LatticeKey(Message):
    """R→A: seed (32 bytes) of the columns' c1, and b of the public key, (4, 4096) uint32."""

    label: ClassVar[str] = "lattice-key"
    seed: bytes
    b: npt.NDArray[np.uint32]

    def parts(self) -> Iterator[Part]:
        yield from (self.seed, self.b.tobytes())


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EncryptedBlock(Message):
    """R→A: c0 of one column and one block of 4096 rows, (4, 4096) uint32."""

    label: ClassVar[str] = "encrypted-block"
    block: int
    column: int
    c0: npt.NDArray[np.uint32]

    def parts(self) -> Iterator[Part]:
        yield from (self.block, self.column, self.c0.tobytes())


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class MaskedSum(Message):
    """A→R: constant coefficient of c0, (4,) uint32, and c1, (4, 4096) uint32, of one masked sum."""

    label: ClassVar[str] = "masked-sum"
    index: int
    c0: npt.NDArray[np.uint32]
    c1: npt.NDArray[np.uint32]

    def parts(self) -> Iterator[Part]:
        yield from (self.index, self.c0.tobytes(), self.c1.tobytes())


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Commitment(Message):
    """Both: SHA-256 commitment to the noised shares of one opening stage."""

    label: ClassVar[str] = "commitment"
    digest: bytes

    def parts(self) -> Iterator[Part]:
        yield self.digest


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Opening(Message):
    """Both: the noised shares mod 2^44 and the blind (32 bytes) of the commitment."""

    label: ClassVar[str] = "opening"
    shares: tuple[int, ...]
    blind: bytes

    def parts(self) -> Iterator[Part]:
        yield len(self.shares)
        yield from self.shares
        yield self.blind


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ReceiptSignature(Message):
    """Both, last: Merkle root of the own log so far (32 bytes), and the Ed25519 signature (64 bytes) over receipt and
    root. Not part of the transcript it signs."""

    label: ClassVar[str] = "receipt"
    audit_root: bytes
    signature: bytes

    def parts(self) -> Iterator[Part]:
        yield from (self.audit_root, self.signature)
