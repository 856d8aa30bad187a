"""Whole runs whose lists do not fit the memory, and totals made of several encrypted sums: the very same run."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cheat import Cheat, changed, encoded, refused
from kit import EXACT, MODES, Node, SeededNoise, exchange, finish, pair, small_contract, values
from wiped import assert_dead_and_wiped

import cleanroom.aggregate
from cleanroom._native import KernelError
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.adapters.scratch import DiskScratch, MemoryScratch
from cleanroom.adapters.system import SystemEntropy
from cleanroom.adapters.threads import ThreadExecutor
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.protocols import ECDH, SALTED
from cleanroom.errors import MachineError, PeerViolationError
from cleanroom.match import shuffle
from cleanroom.match.dummies import Padding
from cleanroom.primitives.native import NativeBackend, load_native
from cleanroom.primitives.openssl import OpenSSLBackend
from cleanroom.primitives.ring import N

AGREED = small_contract(threshold=-1000)
ROWS = 700  # of each side
LISTS = {ECDH: 2 * 3, SALTED: 3}  # that lie on the disk: of the blinded mode more than once in part


@pytest.fixture(params=["openssl", "native"])
def backend(request: pytest.FixtureRequest) -> Iterator[object]:
    if request.param == "openssl":
        yield OpenSSLBackend(SerialExecutor())
        return
    try:
        kernel = load_native()
    except KernelError:
        pytest.skip("the C kernel is not built")
    with ThreadExecutor(2) as threads:
        yield NativeBackend(kernel, threads)


@pytest.fixture
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shuffle, "_BUCKET_ROWS", 64)
    monkeypatch.setattr(shuffle, "_GATHERED", 128)


def both(rows: int = ROWS, agreed: Contract = AGREED, **options: object) -> tuple[Node, Node]:
    """Two thirds in common; what each member bought is its number modulo 11."""
    plan = Plan(agreed)
    mine, theirs = ([f"person {i}" for i in range(start, start + rows)] for start in (0, rows // 3))
    columns = np.ones((rows, 1 + len(plan.columns)), dtype=np.int64)
    columns[:, 1:] = np.arange(rows)[:, None] % 11
    return pair(agreed, values(mine), np.arange(rows) % len(plan.cells), values(theirs), columns, **options)


def whole_run(**options: object) -> tuple[bytes, object]:
    one, two = both(noise=SeededNoise(3), padding=Padding(8, 1.0), **options)
    exchange(one, two)
    finish(one, two)
    assert one.session.transcript == two.session.transcript
    return one.session.transcript, one.side.closing.table


@pytest.mark.usefixtures("small_buckets")
@pytest.mark.parametrize("mode", MODES)
def test_a_run_on_the_disk_is_the_run_in_memory_to_the_last_byte(backend: object, tmp_path: Path, mode: str) -> None:
    agreed = small_contract(threshold=-1000, **MODES[mode])
    with DiskScratch(tmp_path, 0, SystemEntropy()) as scratch:
        on_disk = whole_run(backend=backend, agreed=agreed, scratch=scratch)
        assert scratch.spilled > LISTS[mode] * 32 * ROWS
    assert on_disk == whole_run(backend=backend, agreed=agreed, scratch=MemoryScratch())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small_buckets")
@pytest.mark.parametrize(("role", "step", "victim"), [("advertiser", "blinded_cells", "retailer"),
                                                     ("retailer", "reblinded_cells", "advertiser"),
                                                     ("retailer", "blinded_values", "advertiser")])
def test_a_bad_point_in_the_middle_of_a_stream_ends_the_run(backend: object, tmp_path: Path, role: str, step: str,
                                                            victim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("padded", "retailer", "cells"):
        monkeypatch.setattr(f"cleanroom.match.{module}.ROWS_PER_CHUNK", 50)

    def spoil(tuples: np.ndarray) -> np.ndarray:
        spoiled = tuples.copy()
        spoiled[len(tuples) // 2, 0] = encoded(2)  # on the twist
        return spoiled

    with DiskScratch(tmp_path, 0, SystemEntropy()) as scratch:
        nodes = both(backend=backend, scratch=scratch, **EXACT)
        text = refused(Cheat(role, step, changed(tuples=spoil), 3), victim=victim, nodes=nodes)
    assert "not a canonical point" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("small_buckets")
@pytest.mark.parametrize("writes", [0, 3, 12, 40])
def test_a_disk_that_fills_up_during_the_match_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            writes: int) -> None:
    left, write = [writes], os.pwrite

    def full(handle: int, data: bytes, at: int) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "")
        return write(handle, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    with DiskScratch(tmp_path, 0, SystemEntropy()) as scratch:
        nodes = both(scratch=scratch, **EXACT)
        with pytest.raises(MachineError, match="the disk is full"):
            exchange(*nodes)
        finish(*nodes)
        for node in nodes:
            assert_dead_and_wiped(node)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def short_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """One encrypted sum holds a single block."""
    monkeypatch.setattr(cleanroom.aggregate, "rows_per_sum", lambda _: N)


@pytest.mark.usefixtures("short_sums")
def test_a_total_over_several_encrypted_sums_is_exact(backend: object) -> None:
    rows, plan = N + 100, Plan(AGREED)
    names = [f"person {i}" for i in range(rows)]
    chosen = np.random.default_rng(5).permutation(rows)[:200]
    columns = np.ones((rows, 1 + len(plan.columns)), dtype=np.int64)
    columns[:, 1:] = np.arange(rows)[:, None] % 11
    one, two = pair(AGREED, values([names[i] for i in chosen]), [0] * len(chosen), values(names), columns,
                    backend=backend, **EXACT)
    seen = exchange(one, two)
    sums, parts = sum(plan.width(group) for group in plan.groups), -(-rows // N)
    assert [sent.message.index for sent in seen if sent.step == "masked_sums"] == list(range(sums * parts))
    row = two.side.closing.table.rows[0]
    assert (row.people, row.sums) == (200, (int((chosen % 11).sum()),) * (plan.width(plan.groups[0]) - 1))
    assert one.side.closing.table == two.side.closing.table


@pytest.mark.usefixtures("short_sums")
@pytest.mark.parametrize("change", [{"index": 0}, {"index": 10**6}])
def test_a_part_of_a_sum_out_of_order_ends_the_run(change: dict[str, int]) -> None:
    rows, plan = N + 50, Plan(AGREED)
    names = [f"person {i}" for i in range(rows)]
    nodes = pair(AGREED, values(names[:20]), [0] * 20, values(names),
                 np.ones((rows, 1 + len(plan.columns)), dtype=np.int64), **EXACT)
    first_of_second_part = sum(plan.width(group) for group in plan.groups)
    text = refused(Cheat("advertiser", "masked_sums", changed(**change), first_of_second_part), victim="retailer",
                   nodes=nodes, error=PeerViolationError)
    assert f"expected masked sum {first_of_second_part}" in text
