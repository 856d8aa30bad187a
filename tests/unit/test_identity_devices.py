"""Exposures of devices, tied to the person who logged in; consent says how far back."""

from __future__ import annotations

import pandas as pd
from consent_kit import CONTRACT, NOW, event, frame

from cleanroom import limits
from cleanroom.consent.devices import tie_devices
from cleanroom.consent.gate import gate
from cleanroom.identity.devices import tie
from cleanroom.identity.tables import AdvertiserTables
from cleanroom.measures.own import exposure_coverage

MARCH = [pd.Timestamp(f"2025-03-{day:02d}") for day in range(1, 29)]


def seen(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """(person, device, day of the month)."""
    return pd.DataFrame({"person": [row[0] for row in rows], "device": [row[1] for row in rows],
                         "day": [MARCH[row[2] - 1] for row in rows], "channel": CONTRACT.campaign.channels[0],
                         "campaign": CONTRACT.campaign.names[0]})


def logins(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    """(device, person, first day, last day)."""
    return pd.DataFrame({"device": [row[0] for row in rows], "person": [row[1] for row in rows],
                         "first_seen": [MARCH[row[2] - 1] for row in rows],
                         "last_seen": [MARCH[row[3] - 1] for row in rows]})


def owners(exposures, identities, agreed=()):
    found, counts = tie(exposures, identities, pd.Index(list(agreed), dtype=object))
    return list(found["person"]), list(found["tied_by"]), {reason: n for reason, n in counts.items() if n}


def test_an_exposure_while_logged_in_is_of_that_person():
    assert owners(seen(("", "d", 5), ("", "d", 3), ("", "d", 7)), logins(("d", "p", 3, 7))) == (
        ["p"] * 3, ["by_login"] * 3, {})


def test_a_person_that_is_named_stays():
    assert owners(seen(("q", "d", 5), ("q", "", 5)), logins(("d", "p", 3, 7))) == (["q", "q"], ["", ""], {})


def test_a_login_reaches_back_for_people_who_agreed_with_their_account():
    before = seen(("", "d", 1))
    assert owners(before, logins(("d", "p", 3, 7)), ["p"]) == (["p"], ["before_login"], {})
    assert owners(before, logins(("d", "p", 3, 7))) == (
        [""], [""], {"exposures_before_login_without_account_consent": 1})


def test_several_devices_of_one_person_are_one_person():
    people, _, _ = owners(seen(("", "tablet", 5), ("", "phone", 6), ("p", "", 7)),
                          logins(("tablet", "p", 1, 9), ("phone", "p", 1, 9)))
    assert set(people) == {"p"}


def test_a_shared_device_is_of_whoever_was_logged_in_alone():
    shared = logins(("d", "p", 3, 7), ("d", "q", 6, 9))
    assert owners(seen(("", "d", 4), ("", "d", 6), ("", "d", 8), ("", "d", 1)), shared, ["p", "q"]) == (
        ["p", "", "q", ""], ["by_login", "", "by_login", ""], {"exposures_of_shared_device": 2})


def test_after_the_last_login_and_on_an_unknown_device_it_is_nobodys():
    assert owners(seen(("", "d", 9), ("", "other", 5), ("", "", 5)), logins(("d", "p", 3, 7)), ["p"]) == (
        ["", "", ""], ["", "", ""], {"exposures_of_unknown_device": 1, "exposures_after_last_login": 1})


def test_several_logins_of_one_person_are_one_span():
    assert owners(seen(("", "d", 5)), logins(("d", "p", 1, 2), ("d", "p", 8, 9)))[0] == ["p"]


def test_a_device_of_more_people_than_a_household_is_of_nobody():
    crowd = logins(*[("kiosk", f"p{i}", i + 1, i + 1) for i in range(limits.HOUSEHOLD + 1)])
    assert owners(seen(("", "kiosk", 1)), crowd) == ([""], [""], {"exposures_of_shared_device": 1})


def tables(*events: dict[str, str], persons: tuple[str, ...] = ("p",)) -> AdvertiserTables:
    people = pd.DataFrame({"person": list(persons), "email": [f"{person}@example.org" for person in persons]})
    arms = pd.DataFrame({"person": list(persons), "arm": "exposed", "day": MARCH[0]})
    exposures = seen(("", "d", 1), ("", "d", 5), ("", "x", 5))
    return AdvertiserTables(people, exposures, arms, frame(*events), pd.DataFrame({"person": []}, dtype="str"),
                            logins(("d", "p", 3, 7)))


def test_only_a_consent_of_the_account_reaches_back():
    for scope, expected in (("account", ["p", "p", ""]), ("device", ["", "p", ""])):
        tied, _ = tie_devices(CONTRACT, tables(event(scope=scope, recipients="Shop")), NOW)
        assert list(tied.exposures["person"]) == expected


def test_a_refusal_reaches_back_no_more_and_the_gate_drops_the_rest():
    refused = tables(event(recipients="Shop"), event(recipients="Shop", status="withdrawn",
                                                     event_time="2024-06-01T10:00:00Z"))
    tied, untied = tie_devices(CONTRACT, refused, NOW)
    assert list(tied.exposures["person"]) == ["", "p", ""]
    assert untied["exposures_before_login_without_account_consent"] == 1
    assert len(gate(CONTRACT, tied, NOW).tables.exposures) == 0


def test_coverage_counts_what_was_tied_and_how():
    agreed = tables(event(recipients="Shop"))
    tied, _ = tie_devices(CONTRACT, agreed, NOW)
    before = exposure_coverage(CONTRACT, agreed.people, agreed.exposures)
    after = exposure_coverage(CONTRACT, tied.people, tied.exposures)
    assert (before["tied_exposures_share"][0], after["tied_exposures_share"][0]) == (0, 2)
    assert after["tied_by_login_share"] == (1, 3)
    assert after["tied_before_login_share"] == (1, 3)


def test_without_the_table_nothing_changes():
    plain = AdvertiserTables(*(getattr(tables(), name) for name in ("people", "exposures", "arms", "consents",
                                                                    "suppressions")))
    assert tie_devices(CONTRACT, plain, NOW) == (plain, {})


def test_nobody_seen_is_not_an_error():
    assert owners(seen(("p", "d", 1)), logins(("d", "p", 3, 7))) == (["p"], [""], {})
