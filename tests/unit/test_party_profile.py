"""What `cleanroom check` would show."""

from __future__ import annotations

import json
import os

from consent_kit import CONTRACT, NOW, event, frame
from party_kit import write_party as write_files

from cleanroom.adapters.party import load_party
from cleanroom.adapters.profile import profile_party


def write_party(*args, **options):
    """A party whose suppression list was exported at NOW."""
    folder = write_files(*args, **options)
    os.utime(folder / "suppressions.csv", (NOW.timestamp(), NOW.timestamp()))
    return folder


def consents(partner, *persons):
    return frame(*(event(person, recipients=partner) for person in persons)).to_csv(index=False)


def test_the_retailers_profile(tmp_path):
    folder = write_party(tmp_path, consents=consents("Brand", "1", "9"), suppressions="person\n8\n")
    profile = profile_party(load_party(folder), CONTRACT, NOW)
    assert profile.sent == 1
    assert profile.strangers == {"members": 0, "purchases": 0, "consents": 1, "suppressions": 1}
    assert profile.gate is not None
    assert profile.gate.refused["R-15"] == 1
    document = json.loads(json.dumps(profile.document()))
    assert document["days"] == {"purchases": ["2025-03-22", "2025-03-22"]}
    assert document["keys"] == {"email": {"valid": 1, "missing": 0, "invalid": 0, "duplicate": 0}}


def test_the_advertisers_profile_counts_cells(tmp_path):
    folder = write_party(tmp_path, "advertiser", consents=consents("Shop", "a", "b"))
    profile = profile_party(load_party(folder), CONTRACT, NOW)
    placed = {(cell.values, cell.period): cell.people for cell in profile.cells if cell.people}
    assert placed == {(("exposed", "new"), 0): 1, (("control", "loyal"), 0): 1}
    assert profile.sent == 2
    assert profile.excluded is not None
    assert sum(profile.excluded.values()) == 0


def test_a_person_without_a_key_is_not_sent(tmp_path):
    people = "person,email,segment\na,,new\nb,b@example.org,loyal\n"
    folder = write_party(tmp_path, "advertiser", people=people, consents=consents("Shop", "a", "b"))
    profile = profile_party(load_party(folder), CONTRACT, NOW)
    assert (profile.sent, profile.without_key) == (1, 1)


def test_without_a_contract_only_files_are_checked(tmp_path):
    profile = profile_party(load_party(write_party(tmp_path)), None, NOW)
    assert profile.document()["consent"] is None
    assert profile.keys["email"].valid == 2
    assert list(profile.keys) == ["email"]
