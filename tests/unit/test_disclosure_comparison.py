"""The union of two ledgers: never less than either, the same on both sides, and nothing is adopted twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.disclosure.comparison import Books, check_books, missing, union
from cleanroom.errors import LedgerError, PeerLedgerError
from cleanroom.ports import Entry

ENTRIES = st.lists(st.builds(Entry, st.sampled_from("abcdef"), st.sampled_from(["transcript", "release"]),
                             st.integers(0, 9), st.integers(0, 9)), unique_by=lambda entry: entry.key)


@given(ENTRIES, ENTRIES)
def test_the_union_is_what_both_adopt(one: list[Entry], two: list[Entry]) -> None:
    together = union(one, two)
    assert together == union(two, one) == union(together, one) == union([*one, *missing(one, two)], [])
    for mine in (one, two):
        by_key = {entry.key: entry for entry in together}
        assert all(by_key[entry.key].epsilon >= entry.epsilon and by_key[entry.key].delta >= entry.delta
                   for entry in mine)
    assert {entry.key for entry in together} == {entry.key for entry in (*one, *two)}
    assert missing(together, two) == ()


@given(ENTRIES, ENTRIES, st.data())
def test_books_disagree_exactly_when_a_confirmed_entry_is_gone(one: list[Entry], two: list[Entry],
                                                               data: st.DataObject) -> None:
    keys = sorted({entry.key for entry in (*one, *two)})
    mine, theirs = ({entry.key for entry in entries} for entries in (one, two))
    seen = frozenset(data.draw(st.lists(st.sampled_from(keys)) if keys else st.just([])))
    ours, peers = Books(tuple(one), seen & mine), Books(tuple(two), seen & theirs)
    if peers.confirmed - mine:
        with pytest.raises(LedgerError) as caught:
            check_books(ours, peers)
        assert type(caught.value) is LedgerError
    elif ours.confirmed - theirs:
        with pytest.raises(PeerLedgerError, match=f"ours has {len(one)} entries, the peer's {len(two)}"):
            check_books(ours, peers)
    else:
        check_books(ours, peers)
