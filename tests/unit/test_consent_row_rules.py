"""One table for the row rules R-01 … R-15: what breaks only that rule is refused by it, what is next to it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from consent_kit import NOTICE, NOW, contract, event, frame, retailer
from tcf_kit import CREATED, tc_string

from cleanroom.consent.files import allowed_columns, check_columns
from cleanroom.consent.gate import gate
from cleanroom.errors import DataError
from cleanroom.rules import CURRENT, rule

LATER = {"event_time": "2024-06-01T00:00:00Z"}
TCF = {"tcf_vendors": {"advertiser": [], "retailer": [755]}}
LOCATED = {"precise_location": True}
LI = "legitimate_interest"


def tc(**changes):
    return event(tc_string=tc_string(**changes))


# Rule: contract settings, events that pass, events that only this rule refuses.
PEOPLE = {
    "R-01": ({}, [[event()], [event(purpose="marketing_email", status="refused"), event()]],
             [[event(purpose="marketing_email")], [event(status="refused")], [event(legal_basis=LI)]]),
    "R-02": ({}, [[event(recipients="X|Brand")]], [[event(recipients="X")], [event(recipients="")]]),
    "R-03": ({}, [[event(proof_sha256="CD" * 32)]],
             [[event(proof_ref=" ")], [event(proof_sha256="")], [event(proof_sha256="cd" * 31)],
              [event(proof_sha256="xy" * 32)], [event(), event(proof_ref="", **LATER)]]),
    "R-04": ({}, [[event(event_time="2024-01-15T00:00:00+01:00")]],
             [[event(notice_id="other")], [event(notice_sha256="00" * 32)], [event(notice_id="")],
              [event(event_time="2024-01-14T22:59:59Z")]]),  # midnight in Paris is 23:00 UTC
    "R-05": ({}, [[event(status="withdrawn"), event(**LATER)]],
             [[event(), event(status="withdrawn", **LATER)], [event(), event(status="withdrawn")],
              [event(expires_at="2025-01-01T00:00:00Z")]]),
    "R-06": ({}, [[event(objection_general_at="")]], [[event(erased_at="2025-01-01T00:00:00Z")]]),
    "R-07": ({}, [[event(birth_year="2005")]],  # 18 at least, on the day of consent in 2024
             [[event(birth_year="2006")], [event(birth_year="")], [event(birth_year="2024")]]),
    "R-09": (TCF, [[tc()], [tc(consents=((700, 800),))], [tc(restrictions=((7, 1, ((755, 755),)),))]],
             [[event()], [event(tc_string="nonsense")], [tc(purposes=(1, 7))], [tc(consents=((1, 754),))],
              [tc(purposes=(7, 9), interests=())], [tc(restrictions=((7, 0, ((1, 900),)),))],
              [tc(restrictions=((9, 2, ((755, 755),)),))], [tc(policy=3)], [tc(specific=False)], [tc(interests=(3,))],
              [tc(restrictions=((7, 1, ((755, 755),)), (7, 0, ((755, 755),))))]]),
    "R-10": (TCF, [[tc(created=NOW - timedelta(days=396))], [tc(created=NOW)]],
             [[tc(created=NOW - timedelta(days=397))], [tc(created=NOW + timedelta(days=1))]]),
    "R-12": ({}, [[event(last_activity_at="2022-06-02T00:00:00Z")],
                  [event(last_activity_at=""), event(purpose="news", last_activity_kind="login")]],
             [[event(last_activity_at="2022-05-31T00:00:00Z")], [event(last_activity_kind="email_open")],
              [event(last_activity_at="")], [event(last_activity_kind="")]]),
    "R-14": (LOCATED, [[event(precise_location="false")],
                       [event(precise_location="true", tc_string=tc_string(features=(1,)))]],
        [[event(precise_location="true")], [event(precise_location="true", tc_string=tc_string(features=(2,)))]]),
    "R-15": ({}, [[event(source="third_party", jurisdiction="FR")]],
             [[], [event(status="unknown")], [event(event_time="2024-05-01T10:00:00")],
              [event(event_time="2025-06-01T00:00:01Z")], [event(scope="?")], [event(source="bought")],
              [event(last_activity_kind="sleep")], [event(birth_year="80")], [event(precise_location="maybe")],
              [event(last_activity_at="2025-06-02T00:00:00Z")], [event(jurisdiction="France")]]),
}
NONE_DENIED = {kind: [] for kind in ("pharmacy", "sexual_health", "pregnancy_tests", "religious", "trade_union")}
ROWS = {
    "R-08": ({"denied_categories": {**NONE_DENIED, "political": ["Badges"]}},
        {"categories": ("dairy", "badge")}, {"categories": (" BADGES ",)}),
    "R-11": ({}, {"days": ("2025-01-05", "2025-04-04")}, {"days": ("2025-01-04", "2025-04-05")}),
}
ACCEPTING = REFUSING = {*PEOPLE, *ROWS, "R-13"}


def refusal(settings, events):
    """The rule that refuses the person, or None."""
    report = gate(contract(**settings), retailer(*events), NOW).report
    return next((name for name, count in report.refused.items() if count), None)


@pytest.mark.parametrize(("name", "events"), [(name, e) for name, (_, good, _) in PEOPLE.items() for e in good])
def test_what_keeps_the_rule_passes(name, events):
    assert refusal(PEOPLE[name][0], events) is None


@pytest.mark.parametrize(("name", "events"), [(name, e) for name, (_, _, bad) in PEOPLE.items() for e in bad])
def test_what_breaks_only_this_rule_is_refused_by_it(name, events):
    assert refusal(PEOPLE[name][0], events) == name


@pytest.mark.parametrize("name", ROWS)
def test_rows_that_break_a_rule_are_dropped(name):
    settings, good, bad = ROWS[name]
    assert gate(contract(**settings), retailer(event(), **good), NOW).report.dropped[name] == {"purchases": 0}
    passed = gate(contract(**settings), retailer(event(), **bad), NOW)
    assert len(passed.tables.purchases) == 0
    assert passed.report.dropped[name]["purchases"] > 0


def test_r13_a_column_outside_the_list():
    allowed = allowed_columns(contract(columns={"members": ["person", "email"]}), "members")
    check_columns(["person", "email"], allowed, "members.csv")
    with pytest.raises(DataError, match="R-13") as refused:
        check_columns(["person", "email", "diagnosis"], allowed, "members.csv")
    assert refused.value.where == "members.csv, field diagnosis"


def test_no_row_rule_lacks_a_case():
    rows = {each.id for each in CURRENT.rules if each.where in {"row", "file"}}
    assert rows == PEOPLE.keys() | ROWS.keys() | {"R-13"}
    assert all(rule(name).text(language) for name in rows for language in ("en", "fr"))


@pytest.mark.parametrize(("floor", "born", "parent", "expected"), [
    (15, "2008", "", None), (13, "2010", "", "R-07"), (13, "2010", "form/1", None), (13, "2011", "form/1", "R-07")])
def test_r07_children(floor, born, parent, expected):
    """Consent in May 2024: who was born in 2008 was 15 for certain, in 2010 13, in 2011 perhaps 12."""
    given = event(birth_year=born, parental_consent_ref=parent)
    assert refusal({"minimum_age": floor}, [given]) == expected


def test_r09_without_trackers_a_contrary_string_still_counts():
    assert refusal({}, [event()]) is None
    assert refusal({}, [tc(purposes=())]) == "R-09"


@pytest.mark.parametrize(("days", "warned"), [(183, 0), (184, 1)])
def test_r10_warns_after_six_months(days, warned):
    passed = gate(contract(**TCF), retailer(tc(created=NOW - timedelta(days=days))), NOW)
    assert (passed.report.admitted, passed.report.warned) == (1, {"R-10": warned})


def test_r14_the_contract_must_allow_it():
    located = event(precise_location="true", tc_string=tc_string(features=(1,), created=CREATED))
    assert refusal({}, [located]) == "R-14"


def test_a_notice_of_the_other_party_does_not_count():
    other = {**NOTICE, "party": "advertiser", "id": "theirs", "partner": "Shop"}
    assert refusal({"notices": [NOTICE, other]}, [event(notice_id="theirs")]) == "R-04"


def test_a_withdrawal_between_two_runs_takes_effect_in_the_next():
    withdrawn = event(status="withdrawn", event_time="2025-06-01T10:00:00Z")
    before = gate(contract(), retailer(event()), NOW)
    after = gate(contract(), retailer(event(), withdrawn), NOW + timedelta(days=1))
    assert (before.report.admitted, after.report.refused["R-05"]) == (1, 1)


def shared(*events, emails, persons):
    return gate(contract(), retailer(*events, persons=persons, emails=emails), NOW)


def test_two_people_with_one_key_get_the_stricter_answer():
    passed = shared(event("a"), event("b"), event("b", status="withdrawn", **LATER), event("c"),
                    persons=("a", "b", "c"), emails=("x@example.org", " X@Example.org", "c@example.org"))
    assert list(passed.persons) == ["c"]
    assert (passed.report.refused["R-05"], passed.report.by_shared_key) == (2, 1)
    assert passed.match_keys(contract().match).values.tolist() == [[b"c@example.org"]]


def test_sharing_is_followed_through_other_keys():
    tables = retailer(event("a", status="refused"), event("b"), event("c"), event("d"), persons=("a", "b", "c", "d"),
                      emails=("x@example.org", "x@example.org", "", "d@example.org"))
    tables.members["phone"] = ["", "+33612345678", "0033612345678", ""]
    terms = contract().model_copy(update={"match": contract().match.model_copy(update={"keys": ("email", "phone")})})
    assert list(gate(terms, tables, NOW).persons) == ["d"]


def test_people_who_share_a_key_and_all_agreed_take_part():
    passed = shared(event("a"), event("b"), persons=("a", "b"), emails=("x@example.org", "x@example.org"))
    assert len(passed) == 2
    assert passed.match_keys(contract().match).counts["email"].duplicate == 2


def test_categories_and_texts_are_judged_alike():
    """The readers give repeated columns as categories."""
    events = [event("a"), event("b", status="refused"), event("c", notice_id="x"), event("d", birth_year="2010")]
    tables = retailer(*events, persons=("a", "b", "c", "d"))
    coded = frame(*events)
    for name in coded.columns:
        coded[name] = coded[name].astype("category")
    again = type(tables)(tables.members, tables.purchases, coded, tables.suppressions)
    assert gate(contract(), again, NOW).report == gate(contract(), tables, NOW).report
