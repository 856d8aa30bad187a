"""Amendments, revocation records and the difference between two contracts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contract_kit import GONE, NOW, contract, keys, signed
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contract.difference import differences
from cleanroom.contract.revocation import revoke_contract, revoked_hash, verify_revocation
from cleanroom.contract.versions import check_next, check_not_superseded
from cleanroom.errors import ContractError, ContractSupersededError

TRANSFER = "the retailer learns which of its customers are in which cell"
FUTURE = datetime(2027, 1, 1, tzinfo=UTC)


def version(number: int, **changes: Any) -> Any:
    return contract({"version": number, **changes})


@pytest.mark.parametrize("number", [2, 1])
def test_the_next_version_and_the_same_text_again_may_join(number: int) -> None:
    check_next(version(number), [version(1)])
    check_next(version(number + 5, id="another-contract"), [version(1)])


@pytest.mark.parametrize(("new", "installed"), [
    ({"number": 3}, [1]), ({"number": 1}, [1, 2, 3]), ({"number": 2, "title": "Changed afterwards"}, [1, 2])])
def test_gaps_old_versions_and_second_texts_are_refused(new: dict[str, Any], installed: list[int]) -> None:
    older = [version(number, title=f"Version {number}") for number in installed]
    with pytest.raises(ContractError, match=f"an amendment is version {max(installed) + 1}"):
        check_next(version(**new), older)


def test_an_older_version_counts_until_the_newer_one_is_in_force() -> None:
    newer = version(2, not_before=FUTURE)
    check_not_superseded(version(1), [version(1), newer], FUTURE - timedelta(seconds=1))
    check_not_superseded(newer, [version(1), newer], FUTURE)
    with pytest.raises(ContractSupersededError, match="version 2 of demo-direct-mail-2017 is in force"):
        check_not_superseded(version(1), [version(1), newer], FUTURE)
    check_not_superseded(version(1), [version(2, id="another-contract")], FUTURE)


def test_a_revocation_says_who_and_when_and_verifies() -> None:
    agreed = signed()
    record = revoke_contract(agreed, "retailer", keys("retailer").signing, NOW)
    said = verify_revocation(record, agreed)
    assert (said.role, said.revoked_at) == ("retailer", "2026-06-01T12:00:00Z")
    assert revoked_hash(record) == said.contract


def test_a_revocation_of_another_contract_or_by_another_key_is_refused() -> None:
    agreed = signed()
    record = revoke_contract(agreed, "retailer", keys("retailer").signing, NOW)
    with pytest.raises(ContractError, match="about another contract"):
        verify_revocation(record, signed({"version": 2}))
    with pytest.raises(ContractError, match="not this party's key"):
        revoke_contract(agreed, "retailer", keys("advertiser").signing, NOW)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_revocation_with_any_changed_byte_is_refused(place: int, change: int) -> None:
    agreed = contract()
    record = bytearray(revoke_contract(agreed, "retailer", keys("retailer").signing, NOW))
    record[place % len(record)] ^= change
    with pytest.raises(ContractError):
        verify_revocation(bytes(record), agreed)


@pytest.mark.parametrize("record", [b"", b"{}", b"null", b"[" * 3000, b"\xff" * 100, b"x" * 5000])
def test_garbage_is_no_revocation(record: bytes) -> None:
    with pytest.raises(ContractError, match="not a revocation"):
        revoked_hash(record)


@pytest.mark.parametrize(("changes", "english", "french"), [
    ({"disclosure.threshold": 20}, "disclosure.threshold changes from 50 to 20 — protects people less",
     "disclosure.threshold passe de 50 à 20 — protège moins les personnes"),
    ({"disclosure.threshold": 80}, "protects people more", "protège davantage"),
    ({"disclosure.budget_epsilon": "10"}, "disclosure.budget_epsilon changes from 8 to 10 — protects people less",
     "de 8 à 10"),
    ({"releases.0.epsilon": "1.5"}, "releases[arm].epsilon changes from 1 to 1.5 — protects people less", "passe de 1"),
    ({"match.protocol": "salted-hash-v1"}, "from ecdh-x25519-v1 to salted-hash-v1 — protects people less",
     "protège moins"),
    ({"match.protocol": "of-tomorrow-v1"}, "from ecdh-x25519-v1 to of-tomorrow-v1", "à of-tomorrow-v1"),
    ({"legal.pseudonymous_transfer": {"acknowledgement": TRANSFER, "dpia_ref": "4"}},
     "Pseudonymous transfer: its impact assessment (legal.pseudonymous_transfer.dpia_ref) is new: 4",
     "Transfert pseudonyme : ce que les deux parties reconnaissent (legal.pseudonymous_transfer.acknowledgement)"),
    ({"legal.dpia.ref": "DPIA-2"}, "Impact assessment: reference (legal.dpia.ref) changes from DPIA-2025-07 "
     "(demonstration) to DPIA-2", "Analyse d'impact : référence"),
    ({"parties.retailer.policy": {"threshold": 60}}, "parties.retailer.policy.threshold is new: 60",
     "est nouveau : 60"),
    ({"statistics.9": GONE}, "statistics[sales_fuel].cap is removed; it was 15000", "est supprimé ; c'était 15000"),
    ({"consent.precise_location": True}, "changes from no to yes", "passe de non à oui"),
    ({"metrics": ["reach"]}, "metrics changes from reach, conversion, sales, lift to reach", "metrics passe de"),
])
def test_the_difference_is_told_in_words(changes: dict[str, Any], english: str, french: str) -> None:
    found = differences(contract(), contract(changes))
    assert any(english in change.text("en") for change in found)
    assert any(french in change.text("fr") for change in found)


def test_the_protocol_of_the_blinded_mode_protects_more() -> None:
    [change] = differences(contract({"match.protocol": "salted-hash-v1"}), contract())
    assert change.text("en").endswith("protects people more")


def test_equal_contracts_do_not_differ_whoever_signed() -> None:
    assert differences(contract(), signed()) == ()
