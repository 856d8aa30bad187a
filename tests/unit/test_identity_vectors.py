"""Every normalisation profile against its published vectors, and hashes where they are published."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cleanroom.contract.keys import KEYS_OF
from cleanroom.identity.columns import KIND_OF
from cleanroom.identity.profiles import PROFILES
from cleanroom.identity.profiles.base import Reason

GROUPS = json.loads((Path(__file__).parents[1] / "vectors" / "normalisation.json").read_text(encoding="utf-8"))
CASES = [(group["profile"], group["kind"], *case, *[None] * (3 - len(case))) for group in GROUPS
         for case in group["cases"]]


@pytest.mark.parametrize(("profile", "kind", "raw", "expected", "digest"), CASES)
def test_profile_gives_what_is_published(profile, kind, raw, expected, digest):
    found = PROFILES[profile].normalisers[kind](*(raw if isinstance(raw, list) else [raw]))
    assert (found == expected) if expected is not None else isinstance(found, Reason)
    assert digest is None or hashlib.sha256(found.encode()).hexdigest() == digest


def test_every_profile_has_vectors_for_every_kind_but_hashes():
    seen = {(group["profile"], group["kind"]) for group in GROUPS}
    wanted = {(name, kind) for name, profile in PROFILES.items() for kind in profile.normalisers
              if kind != "email_sha256" and name != "cleanroom-1"}  # cleanroom-1: tests/unit/test_identity_keys.py
    assert wanted <= seen
    assert all(group["source"] for group in GROUPS)


def test_one_address_has_three_forms():
    """What made profiles necessary: the same mailbox under three published rules."""
    address = "Jane.Doe+news@googlemail.com"
    forms = {PROFILES[name].normalisers["email"](address) for name in ("meta-1", "google-1", "cleanroom-fr-1")}
    assert forms == {"jane.doe+news@googlemail.com", "janedoe@googlemail.com", "janedoe@gmail.com"}


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_the_contract_offers_the_keys_that_the_profile_has_rules_for(name):
    assert {KIND_OF[key] for key in KEYS_OF[name]} == set(PROFILES[name].normalisers)
    assert PROFILES[name].name == name
