"""Two tiny parties with keys and a contract both signed: 240 people, 200 members, 160 in common, 1,500 purchases."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loopback import free_port

from cleanroom.adapters.card import CARD_NAME
from cleanroom.adapters.demo_settings import demo_legal_text, demo_terms
from cleanroom.cli.contract import make_contract, sign_file
from cleanroom.cli.init import create_party
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role

PEOPLE, MEMBERS, COMMON, PURCHASES = 240, 200, 160, 1500
NAMES: Mapping[Role, str] = {"advertiser": "Tiny Brand", "retailer": "Tiny Shop"}
NOTICE = demo_terms()["consent"]["notices"][0]
RESULT_FILES = ("measurement.json", "report.html", "results.csv", "compliance.json", "compliance.html",
                "compliance.jsonld", "record.csv", "table.json", "receipt.json")

TERMS = """\
format = "cleanroom-contract/1"
id = "tiny-campaign"
version = 1
title = "Did the tiny campaign sell anything?"
not_before = {not_before}
not_after = {not_after}
metrics = ["reach", "conversion", "sales", "lift"]

[match]
protocol = "ecdh-x25519-v1"
keys = ["email"]
normalisation = "cleanroom-1"
epsilon = "0.5"
delta = "0.000001"
max_people_advertiser = 1000
max_people_retailer = 1000

[campaign]
names = ["spring"]
channels = ["email"]
assignment = "observational"
assignment_note = "Nobody drew lots."
cost_cents = 10000
currency = "EUR"

[calendar]
time_zone = "Europe/Paris"
exposures_from = 2025-03-01
exposures_until = 2025-03-01
period_days = 1
window_days = 28

[purchases]
refunds = "refuse"

{legal}
[disclosure]
threshold = 30
cells_floor = 0
dominance_percent = 85
budget_epsilon = "9"
budget_delta = "0.00002"

[[dimensions]]
name = "arm"
values = ["exposed", "control"]

[[releases]]
dimensions = ["arm"]
statistics = ["buyers", "sales", "sales_squared", "baskets"]
epsilon = "0.5"
people_weight = 3

[[statistics]]
name = "buyers"
measure = "buyers"
cap = 1
weight = 2

[[statistics]]
name = "sales"
measure = "sales"
cap = 20000
weight = 1

[[statistics]]
name = "sales_squared"
measure = "sales_squared"
cap = 40000
weight = 1

[[statistics]]
name = "baskets"
measure = "baskets"
cap = 10
weight = 1
"""

PARTY = """\
[party]
role = "{role}"
name = "{name}"
contact = "dpo@{role}.example.org"

[node]
listen = "{listen}"
peer = "{peer}"
workers = 1
connect_timeout = 5
peer_silence = 20
resume_within = 0
"""


def terms(now: datetime | None = None) -> str:
    """Terms in force for an hour around `now`."""
    moment = now or datetime.now(UTC)
    return TERMS.format(legal=demo_legal_text(NAMES),
                        not_before=(moment - timedelta(hours=1)).isoformat(timespec="seconds"),
                        not_after=(moment + timedelta(hours=1)).isoformat(timespec="seconds"))


def tables(role: Role) -> dict[str, str]:
    """The CSV files of a party. Person i of one side is person i of the other for i below COMMON."""
    size = PEOPLE if role == "advertiser" else MEMBERS
    ids = [i if i < COMMON else i + (0 if role == "advertiser" else 10_000) for i in range(size)]
    partner = NAMES["retailer" if role == "advertiser" else "advertiser"]
    proven = f"{NOTICE['id']},{NOTICE['sha256']},archive,{'ab' * 32},1980,{datetime.now(UTC):%Y-%m-%d}T00:00:00Z,login"
    consents = "".join(f"c{i},{i},exposure_to_purchase_measurement,consent,given,2024-05-01T10:00:00Z,account,"
                       f"{partner},{proven}\n" for i in ids)
    shared = {"consents": "record_id,person,purpose,legal_basis,status,event_time,scope,recipients,notice_id,"
                          "notice_sha256,proof_ref,proof_sha256,birth_year,last_activity_at,last_activity_kind\n"
                          + consents,
              "suppressions": "person\n"}
    if role == "advertiser":
        return {
            "people": "person,email\n" + "".join(f"{i},Person{i}@Example.org\n" for i in ids),
            "exposures": "person,channel,campaign,day\n" + "".join(f"{i},email,spring,2025-03-01\n" for i in ids[::2]),
            "arms": "person,arm,day\n" + "".join(f"{i},{'control' if i % 2 else 'exposed'},2025-03-01\n" for i in ids),
            **shared}
    return {
        "members": "person,email\n" + "".join(f"{i},person{i}@example.org\n" for i in ids),
        "purchases": "person,day,basket,amount,quantity,category\n" + "".join(
            f"{ids[n % MEMBERS]},2025-03-{2 + n % 27:02d},b{n},{1 + n % 40}.{n % 100:02d},{1 + n % 3},dairy\n"
            for n in range(PURCHASES)),
        **shared}


def free_addresses() -> dict[Role, str]:
    """Two loopback addresses nobody listens on."""
    return {role: f"127.0.0.1:{free_port()}" for role in ROLES}


def write_party(folder: Path, role: Role, addresses: Mapping[Role, str]) -> None:
    """party.toml and data/, without keys."""
    peer = addresses["retailer" if role == "advertiser" else "advertiser"]
    text = PARTY.format(role=role, name=NAMES[role], listen=addresses[role], peer=peer)
    (folder / "data").mkdir(parents=True)
    for name, content in tables(role).items():
        (folder / "data" / f"{name}.csv").write_text(content, encoding="utf-8")
        text += f'\n[data.{name}]\nfile = "data/{name}.csv"\n'
    (folder / "party.toml").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Tiny:
    """A folder with both parties, their addresses and the signed contract."""

    folder: Path
    addresses: Mapping[Role, str]

    @property
    def advertiser(self) -> Path:
        return self.folder / "advertiser"

    @property
    def retailer(self) -> Path:
        return self.folder / "retailer"

    @property
    def contract(self) -> Path:
        return self.folder / "contract.toml"

    def party(self, role: Role) -> Path:
        return self.folder / role

    def cards(self) -> dict[Role, Path]:
        return {role: self.party(role) / CARD_NAME for role in ROLES}

    def setting(self, role: Role, old: str, new: str) -> None:
        """Replace a piece of a party.toml."""
        edit(self.party(role) / "party.toml", old, new)

    def agree(self, change: Callable[[str], str] = str) -> Path:
        """Another contract, from changed terms, signed by both and installed; the first one is removed."""
        for role in ROLES:
            for old in (self.party(role) / "contracts").glob("*.toml"):
                old.unlink()
        self.contract.unlink(missing_ok=True)
        draft = self.folder / "terms.toml"
        draft.write_text(change(terms()), encoding="utf-8")
        make_contract(self.contract, draft, self.cards())
        for role in (*ROLES, ROLES[0]):
            sign_file(self.party(role), self.contract)
        return self.contract

    def copy(self, folder: Path) -> Tiny:
        """The same parties elsewhere, on fresh addresses; nothing they ever did comes along."""
        shutil.copytree(self.folder, folder)
        addresses = free_addresses()
        for role in ROLES:
            for which in ROLES:
                edit(folder / role / "party.toml", self.addresses[which], addresses[which])
        return Tiny(folder, addresses)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a piece of a file that must be there."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise LookupError(f"{path.name} does not contain {old!r}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def make_tiny(folder: Path) -> Tiny:
    """Both parties with keys, and their contract."""
    tiny = Tiny(folder, free_addresses())
    for role in ROLES:
        write_party(tiny.party(role), role, tiny.addresses)
        create_party(tiny.party(role))
    tiny.agree()
    return tiny


def result_files(folder: Path) -> list[str]:
    """Names of result files anywhere under a folder: after a failure there are none."""
    return sorted(str(path.relative_to(folder)) for name in RESULT_FILES for path in folder.rglob(name))


def runs(party: Path) -> list[Path]:
    """Folders of a party's runs, oldest first."""
    return sorted((party / "runs").iterdir()) if (party / "runs").is_dir() else []
