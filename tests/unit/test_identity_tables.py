"""Keys and devices from the party's own files to the contract's terms."""

from __future__ import annotations

import base64
import json
import os

import pytest
from consent_kit import CONTRACT, NOW, event, frame
from party_kit import write_party

from cleanroom import flow
from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party
from cleanroom.adapters.readers import Terms, load_tables, read_tables
from cleanroom.consent.devices import tie_devices
from cleanroom.consent.gate import gate
from cleanroom.contract.check import check_shape
from cleanroom.contract.keys import KEY_TYPES, KEYS_OF
from cleanroom.contract.model import Contract
from cleanroom.contract.parse import canonical_contract
from cleanroom.errors import ContractError, DataError

NAMED = "given_name,family_name,address,postcode"


def terms(**changes: object) -> Contract:
    """The contract with other terms of the match, and keys of the parties that a check accepts."""
    document = CONTRACT.model_dump(mode="json", exclude_none=True)
    for number, party in enumerate(document["parties"].values()):
        party |= {name: base64.b64encode(bytes([number] * 32)).decode() for name in ("signing_key", "certificate")}
    document["match"] |= changes
    return Contract.model_validate(document)


@pytest.mark.parametrize("profile", sorted(KEYS_OF))
def test_a_contract_asks_for_keys_that_its_profile_knows(profile):
    for key in KEY_TYPES:
        agreed = terms(keys=(key,), normalisation=profile)
        if key in KEYS_OF[profile]:
            check_shape(agreed, "contract")
        else:
            with pytest.raises(ContractError, match=rf"match.keys: the profile {profile} has no rule for '{key}'"):
                check_shape(agreed, "contract")


def test_a_key_is_listed_once():
    with pytest.raises(ContractError, match=r"match.keys: lists a value twice"):
        check_shape(terms(keys=("email", "email")), "contract")


def test_a_contract_without_a_rule_for_shared_values_keeps_its_hash():
    """The setting is younger than the format: contracts signed before it stay signed."""
    assert b"shared_values" not in canonical_contract(CONTRACT)
    assert b'"shared_values":"unless_conflict"' in canonical_contract(terms(shared_values="unless_conflict"))


def test_name_and_address_are_read_and_make_one_key(tmp_path):
    folder = write_party(tmp_path, members=f"person,{NAMED}\n1,Zoé,de la Tour,\"3, av. du Gal Foy\",75008\n2,A,,x,1\n")
    tables = read_tables(load_party(folder), Terms("UTC"))
    profile = profile_party(load_party(folder), None, NOW)
    assert list(tables.members.columns) == ["person", *NAMED.split(",")]
    assert list(profile.keys) == ["postal"]
    assert (profile.keys["postal"].valid, profile.keys["postal"].missing) == (1, 1)


def test_half_an_address_is_nothing_to_match_by(tmp_path):
    folder = write_party(tmp_path, members="person,given_name,family_name\n1,Zoé,Roux\n")
    with pytest.raises(DataError, match="no column to match people by"):
        read_tables(load_party(folder), Terms("UTC"))


def test_check_shows_reasons_and_forms(tmp_path):
    folder = write_party(tmp_path, members="person,email\n1,jean at free.fr\n2,c@example.org\n")
    document = json.loads(json.dumps(profile_party(load_party(folder), None, NOW).document()))
    assert document["keys"]["email"] == {"valid": 1, "missing": 0, "invalid": 1, "duplicate": 0,
                                         "reasons": {"inner_space": 1},
                                         "forms": {"inner_space": {"aaaa aa aaaa.aa": 1}}}
    assert "jean" not in json.dumps(document)


DEVICES = {
    "exposures": "person,channel,campaign,day,device\n,email,spring,2025-03-02,d1\n,email,spring,2025-03-03,d2\n",
    "identities": "device,person,first_seen,last_seen\nd1,a,2025-03-02,2025-03-05\nd2,a,2025-03-10,2025-03-12\n",
}


ALLOWED = CONTRACT.model_copy(update={"consent": CONTRACT.consent.model_copy(update={"columns": {
    **CONTRACT.consent.columns, "exposures": ("person", "channel", "campaign", "day", "device"),
    "identities": ("device", "person", "first_seen", "last_seen")}})})


def advertiser(folder, **tables):
    folder.mkdir(exist_ok=True)
    consents = frame(event("a", recipients="Shop")).to_csv(index=False)
    write_party(folder, "advertiser", consents=consents, **tables)
    os.utime(folder / "suppressions.csv", (NOW.timestamp(), NOW.timestamp()))
    return load_party(folder)


def placed(settings):
    tables, _ = tie_devices(ALLOWED, load_tables(settings, ALLOWED, NOW), NOW)
    admitted = gate(ALLOWED, tables, NOW)
    return flow.place(flow.Plan(ALLOWED), admitted.tables, admitted.match_keys(ALLOWED.match))


def test_exposures_of_devices_put_a_person_where_named_ones_would(tmp_path):
    named = DEVICES["exposures"].replace("\n,", "\na,")
    tied = placed(advertiser(tmp_path / "devices", **DEVICES))
    plain = placed(advertiser(tmp_path / "named", exposures=named))
    assert tied.cells.tolist() == plain.cells.tolist()
    assert len(tied.cells) == 1
    assert tied.keys.tolist() == plain.keys.tolist()


def test_check_counts_what_devices_tie(tmp_path):
    profile = profile_party(advertiser(tmp_path, **DEVICES), ALLOWED, NOW)
    assert profile.rows["identities"] == 2
    assert profile.sent == 1
    assert profile.excluded["exposures_of_unknown_device"] == 0


def test_a_contract_that_names_no_devices_allows_none(tmp_path):
    with pytest.raises(DataError, match=r"R-13: the contract does not allow this column"):
        profile_party(advertiser(tmp_path, **DEVICES), CONTRACT, NOW)


@pytest.mark.parametrize(("table", "message"), [
    ("device,person,first_seen,last_seen\nd,a,2025-03-05,2025-03-02\n", "line 2, field last_seen: before first_seen"),
    ("device,person,first_seen,last_seen\n,a,2025-03-05,2025-03-06\n", "line 2, field device: empty"),
    ("device,person,first_seen,last_seen\nd,,2025-03-05,2025-03-06\n", "line 2, field person: empty"),
    ("device,person,first_seen,last_seen\nd,a,soon,2025-03-06\n", "line 2, field first_seen: not a date"),
    ("device,person,first_seen,last_seen\n", "the file has no rows"),
])
def test_a_bad_login_is_placed(tmp_path, table, message):
    folder = write_party(tmp_path, "advertiser", identities=table)
    with pytest.raises(DataError, match=message):
        read_tables(load_party(folder), Terms("UTC"))
