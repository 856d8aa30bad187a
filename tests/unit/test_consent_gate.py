"""The gate: only admitted people's rows pass, and nothing else can make an `Admitted`."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from datetime import datetime

import pytest
from consent_kit import CONTRACT, NOW, advertiser, event, retailer

from cleanroom.consent.gate import Admitted, gate
from cleanroom.errors import DataError, MisuseError

TWO = ("in", "out")


def admitted():
    return gate(CONTRACT, retailer(event("in"), persons=TWO), NOW)


def test_only_rows_of_admitted_people_pass():
    tables = admitted().tables
    assert list(admitted().persons) == ["in"]
    assert set(tables.members["person"]) == set(tables.purchases["person"]) == {"in"}
    assert len(tables.consents) == len(tables.suppressions) == 0


def test_the_advertiser_passes_the_same_gate():
    passed = gate(CONTRACT, advertiser(event("in", recipients="Shop"), event("out"), persons=TWO), NOW)
    assert list(passed.persons) == ["in"]
    assert all(set(f["person"]) == {"in"} for f in (passed.tables.people, passed.tables.exposures, passed.tables.arms))
    assert passed.report.refused["R-02"] == 1


def test_r11_drops_rows_outside_the_look_back():
    days = ("2025-01-04", "2025-01-05", "2025-04-04", "2025-04-05")
    passed = gate(CONTRACT, retailer(event(), days=days), NOW)
    assert passed.tables.purchases["day"].dt.strftime("%Y-%m-%d").tolist() == ["2025-01-05", "2025-04-04"]
    assert passed.report.dropped == {"R-08": {"purchases": 0}, "R-11": {"purchases": 2}}
    seen = gate(CONTRACT, advertiser(event(recipients="Shop"), days=days), NOW)
    assert seen.report.dropped == {"R-11": {"exposures": 2}}
    assert len(seen.tables.arms) == 1


def test_the_report_counts_people():
    report = admitted().report.document()
    refused = report.pop("refused")
    assert {rule: count for rule, count in refused.items() if count} == {"R-15": 1}
    assert report == {"rules": "cleanroom-rules/2", "considered": 2, "admitted": 1, "refused_by_a_shared_key": 0,
                      "warned": {"R-10": 0}, "dropped": {"R-08": {"purchases": 0}, "R-11": {"purchases": 0}}}


def test_keys_are_those_of_admitted_people():
    keys = admitted().match_keys(CONTRACT.match)
    assert keys.values.tolist() == [[b"in@example.org"]]


def test_keys_of_other_types_are_a_bug():
    with pytest.raises(MisuseError, match="key types"):
        admitted().match_keys(CONTRACT.match.model_copy(update={"keys": ("phone",)}))


def test_nobody_admitted_is_an_empty_result():
    passed = gate(CONTRACT, retailer(persons=TWO), NOW)
    assert len(passed) == 0
    assert len(passed.match_keys(CONTRACT.match)) == 0


def test_a_person_twice_is_refused():
    with pytest.raises(DataError, match="twice"):
        gate(CONTRACT, retailer(event("in"), persons=("in", "in")), NOW)


def test_a_naive_now_is_a_bug():
    with pytest.raises(MisuseError, match="zone"):
        gate(CONTRACT, retailer(event()), datetime(2025, 6, 1))  # noqa: DTZ001


@pytest.mark.parametrize("attempt", [
    lambda good: Admitted(good.tables, good._keys, good.records, good.report, token=object()),
    lambda good: Admitted(good.tables, good._keys, good.records, good.report, token=None),
    lambda good: Admitted(good.tables, good._keys, good.records, good.report),
    lambda good: dataclasses.replace(good, tables=None),
    copy.copy,
    copy.deepcopy,
    pickle.dumps,
    lambda good: setattr(good, "_tables", None),
    lambda good: delattr(good, "_tables"),
    lambda good: setattr(good, "extra", None),
    lambda good: type("Forged", (Admitted,), {}),
    lambda good: Admitted.__new__(Admitted).tables,
    lambda good: pickle.loads(b"ccleanroom.consent.gate\nAdmitted\n(tR."),
])
def test_nothing_but_the_gate_admits(attempt):
    with pytest.raises((MisuseError, TypeError, AttributeError)):
        attempt(admitted())


def test_the_repr_is_silent():
    assert repr(admitted()) == "Admitted(1 people)"
