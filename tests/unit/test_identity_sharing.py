"""Key values that several people of one side have."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom import limits
from cleanroom.identity.matching import match_keys

KEYS = ("email", "phone", "loyalty")
PHONE = [f"+336123456{i:02d}" for i in range(60)]


def side(*people: tuple[str, ...], ids: list[str] | None = None) -> pd.DataFrame:
    """People with an e-mail, a phone and a card each, empty texts for none."""
    frame = pd.DataFrame(list(people), columns=list(KEYS[:len(people[0])]))
    return frame.assign(person=ids or [f"p{i}" for i in range(len(people))])


def kept(frame: pd.DataFrame, rule: str) -> dict[str, list]:
    keys = match_keys(frame, KEYS[:len(frame.columns) - 1], "cleanroom-1", rule)
    return dict(zip(keys.persons, keys.values.tolist(), strict=True))


def kinds(frame: pd.DataFrame, rule: str = "drop") -> dict:
    return match_keys(frame, KEYS[:len(frame.columns) - 1], "cleanroom-1", rule).counts["email"].shared


def test_a_familys_value_is_a_conflict_and_nobodys():
    family = side(("home@x.fr", PHONE[1]), ("home@x.fr", PHONE[2]), ("own@x.fr", ""))
    assert kinds(family) == {"common": 0, "conflict": 2, "alike": 0, "kept": 0}
    for rule in ("drop", "unless_conflict"):
        assert kept(family, rule) == {"p0": [None, PHONE[1].encode()], "p1": [None, PHONE[2].encode()],
                                      "p2": [b"own@x.fr", None]}


def test_two_records_of_one_person_are_alike_and_the_fuller_one_keeps_the_value():
    twice = side(("a@x.fr", ""), ("a@x.fr", PHONE[1]))
    assert kept(twice, "drop") == {"p1": [None, PHONE[1].encode()]}
    assert kept(twice, "unless_conflict") == {"p1": [b"a@x.fr", PHONE[1].encode()]}
    assert kinds(twice, "unless_conflict") == {"common": 0, "conflict": 0, "alike": 2, "kept": 1}


def test_among_equal_records_the_smaller_id_keeps_it_whatever_the_order():
    for ids in (["b", "a"], ["a", "b"]):
        assert list(kept(side(("a@x.fr",), ("a@x.fr",), ids=ids), "unless_conflict")) == ["a"]


def test_a_shops_own_address_is_common_even_when_nobody_disagrees():
    many = side(*[("shop@x.fr", "")] * (limits.HOUSEHOLD + 1))
    assert kinds(many, "unless_conflict") == {"common": limits.HOUSEHOLD + 1, "conflict": 0, "alike": 0, "kept": 0}
    assert kept(many, "unless_conflict") == {}
    assert kinds(side(*[("shop@x.fr", "")] * limits.HOUSEHOLD))["alike"] == limits.HOUSEHOLD


def test_a_common_value_is_no_proof_against_others():
    """Disagreeing in the shop's own phone is disagreeing all the same: doubt drops."""
    people = side(("a@x.fr", PHONE[0]), ("a@x.fr", PHONE[1]), *[(f"{i}@x.fr", PHONE[0]) for i in range(9)])
    assert kinds(people, "unless_conflict")["conflict"] == 2


def test_three_people_in_a_ring_lose_every_shared_value():
    """x-y, y-z, z-x: each shares one value with the next, and disagrees with both in the others."""
    ring = side(("1@x.fr", PHONE[1], "AAAA"), ("1@x.fr", PHONE[2], "BBBB"), ("3@x.fr", PHONE[2], "AAAA"))
    for rule in ("drop", "unless_conflict"):
        assert kept(ring, rule) == {"p0": [None, PHONE[1].encode(), None], "p1": [None, None, b"BBBB"],
                                    "p2": [b"3@x.fr", None, None]}


VALUES = st.lists(st.tuples(st.sampled_from(("", "a@x.fr", "b@x.fr", "c@x.fr")), st.sampled_from(("", *PHONE[:4])),
                            st.sampled_from(("", "AAAA", "BBBB"))), min_size=1, max_size=12)


@pytest.mark.parametrize("rule", ["drop", "unless_conflict"])
@settings(deadline=None)
@given(people=VALUES, seed=st.randoms(use_true_random=False))
def test_a_value_has_one_owner_and_the_order_of_the_file_does_not_matter(rule, people, seed):
    frame = side(*people)
    found = kept(frame, rule)
    for position in range(len(KEYS)):
        values = [keys[position] for keys in found.values() if keys[position] is not None]
        assert len(values) == len(set(values))
    order = list(range(len(frame)))
    seed.shuffle(order)
    assert kept(frame.iloc[order].reset_index(drop=True), rule) == found


@settings(deadline=None)
@given(people=VALUES)
def test_dropping_is_the_plain_definition(people):
    frame = side(*people)
    found = kept(frame, "drop")
    for i, person in enumerate(frame["person"]):
        for position, key in enumerate(KEYS):
            value = frame[key][i]
            alone = value != "" and (frame[key] == value).sum() == 1
            assert found.get(person, [None] * 3)[position] == (value.encode() if alone else None)


@settings(deadline=None)
@given(people=VALUES)
def test_unless_conflict_is_the_plain_definition(people):
    """Among up to a household without contradiction: the most keys, then the smallest id."""
    frame = side(*people)
    found = kept(frame, "unless_conflict")
    for position, key in enumerate(KEYS):
        for value in set(frame[key]) - {""}:
            holders = frame[frame[key] == value]
            others = [other for other in KEYS if other != key]
            agree = all(len(set(holders[other]) - {""}) <= 1 for other in others)
            ranked = sorted(holders.index, key=lambda i: (-(frame.loc[i, list(KEYS)] != "").sum(), frame["person"][i]))
            keeper = frame["person"][ranked[0]] if len(holders) <= limits.HOUSEHOLD and agree else None
            keeper = holders["person"].iloc[0] if len(holders) == 1 else keeper
            assert [person for person, keys in found.items() if keys[position] == value.encode()] == (
                [keeper] if keeper else [])
