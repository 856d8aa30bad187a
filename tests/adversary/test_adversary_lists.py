"""Lists of points that are not the declared ones: truncated, too long, of wrong shape or offset, with bad points."""

from __future__ import annotations

import numpy as np
import pytest
from cheat import BAD_POINTS, By, Cheat, changed, encoded, refused, small_pair
from kit import exchange, finish, small_contract
from wiped import assert_dead_and_wiped

from cleanroom._native import KernelError, load_kernel
from cleanroom.adapters.executors import SerialExecutor
from cleanroom.errors import PeerViolationError
from cleanroom.primitives.native import NativeBackend
from cleanroom.session.messages import Message, Points

LISTS = [("advertiser", "blinded_cells"), ("retailer", "reblinded_cells"), ("retailer", "blinded_values")]
OTHER = {"advertiser": "retailer", "retailer": "advertiser"}
every_list = pytest.mark.parametrize(("cheat", "step"), LISTS)


def with_point(row: int, point: np.ndarray) -> By:
    def by(position: int, message: Points) -> list[tuple[int, Message]]:
        tuples = message.tuples.copy()
        tuples[row, -1] = point
        return [(position, Points(message.offset, tuples))]
    return by


SHAPES = {
    "offset ahead": changed(offset=1),
    "offset absurd": changed(offset=2**64 - 1),
    "one row too many": changed(tuples=lambda old: np.concatenate([old, old[:1] ^ 1])),
    "three times the rows": changed(tuples=lambda old: np.concatenate([old] * 3)),
    "no rows": changed(tuples=lambda old: old[:0]),
    "two key types": changed(tuples=lambda old: old.reshape(-1, 2, 32)),
    "flat": changed(tuples=lambda old: old.reshape(-1, 32)),
    "points of 16 bytes": changed(tuples=lambda old: old.reshape(-1, 1, 16)),
}


@every_list
@pytest.mark.parametrize("name", SHAPES)
def test_a_chunk_of_the_wrong_form_ends_the_run(cheat: str, step: str, name: str) -> None:
    refused(Cheat(cheat, step, SHAPES[name]), victim=OTHER[cheat], at=step)


@every_list
@pytest.mark.parametrize("name", BAD_POINTS)
def test_a_bad_point_anywhere_in_a_list_ends_the_run(cheat: str, step: str, name: str) -> None:
    """Small order, twist and non-canonical encodings (RFC 7748 §6.1); the text names the position, not the point."""
    text = refused(Cheat(cheat, step, with_point(5, encoded(BAD_POINTS[name]))), victim=OTHER[cheat], at=step)
    assert "point 5" in text


@pytest.mark.parametrize("name", BAD_POINTS)
def test_the_c_kernel_refuses_the_same_points(name: str) -> None:
    """The fast backend, at the first and the last place of a long list."""
    try:
        kernel = load_kernel()
    except KernelError as error:
        pytest.skip(str(error))
    backend = NativeBackend(kernel, SerialExecutor())
    good = backend.power_base(np.arange(1500 * 32, dtype=np.uint32).astype(np.uint8).reshape(-1, 32) ^ np.uint8(90))
    backend.check_points(good)
    for place in (0, len(good) - 1):
        many = good.copy()
        many[place] = encoded(BAD_POINTS[name])
        with pytest.raises(PeerViolationError, match=f"^point {place}: not a canonical point"):
            backend.check_points(many)


@pytest.mark.parametrize("name", BAD_POINTS)
def test_a_bad_blinding_key_ends_the_run(name: str) -> None:
    refused(Cheat("advertiser", "sizes", changed(blinding_key=encoded(BAD_POINTS[name]).tobytes())), victim="retailer",
            at="sizes")


@every_list
@pytest.mark.parametrize("keys", [("email",), ("email", "phone")])
def test_a_point_that_occurs_twice_ends_the_run(cheat: str, step: str, keys: tuple[str, ...]) -> None:
    """At any position of the tuples: two rows that match one person would count it twice."""
    def by(position: int, message: Points) -> list[tuple[int, Message]]:
        return with_point(3, message.tuples[4, -1])(position, message)

    nodes = small_pair(small_contract(keys=keys, threshold=0))
    assert "twice" in refused(Cheat(cheat, step, by), victim=OTHER[cheat], nodes=nodes)


@every_list
def test_a_truncated_list_is_never_taken_for_a_whole_one(cheat: str, step: str) -> None:
    """The retailer goes on after a short list and is refused; after a short list of cells both wait for ever, until the
    link's bound on silence ends the run."""
    tamper = Cheat(cheat, step, changed(tuples=lambda old: old[:-1]), number=step != "blinded_values")  # its last chunk
    if step != "blinded_cells":
        assert "expected" in refused(tamper, victim="advertiser")
        return
    nodes = small_pair()
    exchange(*nodes, tamper)
    assert [node.session.step_name for node in nodes] == ["reblinded_cells", "blinded_cells"]
    finish(*nodes)
    for node in nodes:
        assert_dead_and_wiped(node)


@every_list
def test_a_list_in_small_chunks_is_fine_but_not_out_of_order(cheat: str, step: str) -> None:
    """Chunking is the sender's choice; a gap, an overlap or a swap of chunks is not."""
    def chunks(message: Points) -> list[Points]:
        return [Points(at, message.tuples[at:at + 5]) for at in range(0, len(message.tuples), 5)]

    def swapped(position: int, message: Points) -> list[tuple[int, Message]]:
        first, second, *rest = chunks(message)
        return [(position, part) for part in (second, first, *rest)]

    def overlapping(position: int, message: Points) -> list[tuple[int, Message]]:
        first, *_ = chunks(message)
        return [(position, first), (position, Points(4, message.tuples[4:9]))]

    for by in (swapped, overlapping):
        assert "row" in refused(Cheat(cheat, step, by), victim=OTHER[cheat])
