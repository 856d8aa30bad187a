"""The two settings files of the demonstration; `parties/` holds the same texts to copy from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from cleanroom.contract.model import Role

ADVERTISER: Final = "Prairie Foods Advertising"
RETAILER: Final = "Journey Markets"
ADDRESSES: Final = ("127.0.0.1:7101", "127.0.0.1:7102")

_HEAD: Final = """\
# The {role}'s party: who it is, where its node listens, and which of its columns mean what.
# Paths are relative to this file. A column that is not mapped is looked for under its product name.

[party]
role = "{role}"
name = "{name}"  # as in the contract
contact = "{contact}"

[node]
listen = "{listen}"
peer = "{peer}"
workers = 0             # processes; 0 = every core
connect_timeout = 10    # seconds until an unreachable peer is reported
peer_silence = 300      # seconds without any sign of the peer before a run is ended; it gives one every 2
run_limit = 21600       # seconds before a run is ended, whatever the peer still sends

[keys]
directory = "keys"      # never leaves this machine, never committed

"""

_ADVERTISER_DATA: Final = """\
[data.people]
file = "data/people.csv"
columns = { person = "crm_id", email = "e_mail", segment = "mailings_before" }

[data.exposures]
file = "data/exposures.csv"
columns = { person = "crm_id", channel = "medium", campaign = "operation", day = "sent_on" }

[data.arms]
file = "data/arms.csv"
columns = { person = "crm_id", arm = "test_group", day = "assigned_on" }

[data.consents]
file = "data/consents.csv"
columns = { record_id = "consent_id", person = "crm_id" }

[data.suppressions]
file = "data/suppressions.csv"
columns = { person = "crm_id" }
"""

_RETAILER_DATA: Final = """\
[data.members]
file = "data/members.parquet"
columns = { person = "household", email = "mail" }

[data.purchases]
file = "data/purchases.parquet"
time_zone = "UTC"       # of sold_at, which carries no offset

[data.purchases.columns]
person = "household"
day = "sold_at"
basket = "ticket"       # amount is not mapped: the file calls it amount, too
quantity = "units"
category = "department"

[data.consents]
file = "data/consents.csv"
columns = { record_id = "consent_id", person = "household" }

[data.suppressions]
file = "data/suppressions.csv"
columns = { person = "household" }
"""


def demo_terms_text() -> str:
    """The demonstration's terms: a contract without its [parties]."""
    return files("cleanroom.adapters").joinpath("demo_terms.toml").read_text("utf-8")


def demo_terms() -> dict[str, Any]:
    """The same, parsed."""
    return tomllib.loads(demo_terms_text())


def demo_legal_text(partners: Mapping[str, str]) -> str:
    """`[consent]` and `[legal]` of the demonstration for parties of other names."""
    text = demo_terms_text()
    text = text[text.index("[consent]"):text.index("[disclosure]")]
    return (text.replace(f'"{ADVERTISER}"', f'"{partners["advertiser"]}"')
            .replace(f'"{RETAILER}"', f'"{partners["retailer"]}"'))


def party_files(addresses: tuple[str, str] = ADDRESSES) -> dict[Role, str]:
    """Text of party.toml by role; `addresses` are host:port of the advertiser's and the retailer's node."""
    advertiser, retailer = addresses
    return {
        "advertiser": _HEAD.format(role="advertiser", name=ADVERTISER, listen=advertiser, peer=retailer,
                                   contact="privacy@prairie-foods.example.org") + _ADVERTISER_DATA,
        "retailer": _HEAD.format(role="retailer", name=RETAILER, listen=retailer, peer=advertiser,
                                 contact="dpo@journey-markets.example.org") + _RETAILER_DATA,
    }
