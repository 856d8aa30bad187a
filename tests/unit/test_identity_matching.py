"""Match keys of one side: duplicates, missing and invalid keys."""

from __future__ import annotations

import pandas as pd

from cleanroom.identity.matching import KeyCounts, match_keys
from cleanroom.identity.tables import RetailerTables


def people(**columns):
    size = len(next(iter(columns.values())))
    return pd.DataFrame({"person": [f"p{i}" for i in range(size)], **columns})


def test_keys_are_normalised_bytes_in_priority_order():
    keys = match_keys(people(email=[" A@b.de", "c@d.fr"], phone=["+33612345678", ""]), ["phone", "email"])
    assert keys.key_types == ("phone", "email")
    assert keys.values.tolist() == [[b"+33612345678", b"a@b.de"], [None, b"c@d.fr"]]
    assert list(keys.persons) == ["p0", "p1"]


def test_a_value_of_two_people_is_dropped_for_both():
    keys = match_keys(people(email=["a@b.de", "A@B.de ", "c@d.fr"], phone=["+33612345678", "", ""]),
                      ["email", "phone"])
    assert keys.values.tolist() == [[None, b"+33612345678"], [b"c@d.fr", None]]
    assert list(keys.persons) == ["p0", "p2"]
    assert keys.counts["email"] == KeyCounts(valid=1, missing=0, invalid=0, duplicate=2)
    assert keys.without_key == 1


def test_missing_and_invalid_keys_are_told_apart():
    keys = match_keys(people(email=["", "  ", None, "nonsense", "two@signs@x.de", "a@b.de"]), ["email"])
    assert keys.counts["email"] == KeyCounts(valid=1, missing=3, invalid=2, duplicate=0)
    assert keys.without_key == 5
    assert len(keys) == 1


def test_invalid_values_are_never_duplicates():
    assert match_keys(people(email=["none", "none"]), ["email"]).counts["email"].invalid == 2


def test_a_key_type_without_a_column_is_missing_for_everyone():
    keys = match_keys(people(email=["a@b.de"]), ["email", "loyalty"])
    assert keys.values.tolist() == [[b"a@b.de", None]]
    assert keys.counts["loyalty"].missing == 1


def test_nobody_is_not_an_error():
    keys = match_keys(people(email=pd.Series([], dtype=object)), ["email"])
    assert (len(keys.values), keys.values.key_types) == (0, 1)
    assert keys.without_key == 0


def test_reprs_show_sizes_only():
    frame = people(email=["secret@example.org"])
    assert repr(match_keys(frame, ["email"])) == "MatchKeys(1 people)"
    tables = RetailerTables(frame, frame, frame, frame)
    assert repr(tables) == "RetailerTables(members=1, purchases=1, consents=1, suppressions=1)"
