"""Two nodes of this machine on lists of any size: time, processor time, resident memory and traffic of a whole run.

    python benchmarks/scale.py make DIR --rows 1000000     two parties, keys, a signed contract
    python benchmarks/scale.py run DIR [--json]            the retailer's node and `cleanroom match`, two processes

One key type, half of the people in common, 20 cells (arm, 5 segments, 2 periods), 10 columns (5 statistics, 2 periods).
Each person has one consent event, each exposed person one exposure, each member two purchase lines. The lists are for
this measurement only; `cleanroom synth` makes realistic ones.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pa_parquet

from cleanroom.adapters.card import CARD_NAME
from cleanroom.cli.contract import make_contract, sign_file
from cleanroom.cli.init import create_party

CHUNK = 250_000
ROLES = ("advertiser", "retailer")
NAMES = {"advertiser": "Scale Brand", "retailer": "Scale Shop"}
SEGMENTS = 5
PURPOSE = "exposure_to_purchase_measurement"
DAYS = np.datetime64("2025-09-01")
CATEGORIES = np.array(["TEA", "COFFEE", "BREAD", "FRUIT"])

PARTY = """\
[party]
role = "{role}"
name = "{name}"
contact = "privacy@scale.example.org"

[node]
listen = "127.0.0.1:{listen}"
peer = "127.0.0.1:{peer}"
{extra}
{tables}"""

TERMS = """\
format = "cleanroom-contract/1"
id = "scale-{rows}"
version = 1
title = "How fast is it?"
not_before = 2025-01-01T00:00:00Z
not_after = 2045-01-01T00:00:00Z
metrics = ["reach", "conversion", "sales", "lift"]

[match]
protocol = "ecdh-x25519-v1"
keys = ["email"]
normalisation = "cleanroom-1"
epsilon = "1"
delta = "0.00000001"
max_people_advertiser = {rows}
max_people_retailer = {rows}

[campaign]
names = ["autumn"]
channels = ["email"]
assignment = "randomised"
assignment_note = "Drawn by lot."
cost_cents = 100000
currency = "EUR"

[calendar]
time_zone = "Europe/Paris"
exposures_from = 2025-09-01
exposures_until = 2025-09-14
period_days = 7
window_days = 28

[purchases]
refunds = "refuse"

[consent]
purpose = "exposure_to_purchase_measurement"
lookback_days = 90

[disclosure]
threshold = 50
cells_floor = 0
budget_epsilon = "10"
budget_delta = "0.000001"

[[dimensions]]
name = "arm"
values = ["exposed", "control"]

[[dimensions]]
name = "segment"
values = ["s0", "s1", "s2", "s3", "s4"]

[[releases]]
dimensions = ["arm", "segment"]
statistics = ["buyers", "sales", "sales_squared", "baskets", "sales_tea"]
epsilon = "1"
people_weight = 3

[[statistics]]
name = "buyers"
measure = "buyers"
cap = 1
weight = 3

[[statistics]]
name = "sales"
measure = "sales"
cap = 30000
weight = 5

[[statistics]]
name = "sales_squared"
measure = "sales_squared"
cap = 90000
weight = 2

[[statistics]]
name = "baskets"
measure = "baskets"
cap = 8
weight = 2

[[statistics]]
name = "sales_tea"
measure = "sales"
category = "TEA"
cap = 6000
weight = 1
"""

TABLES = {
    "advertiser": {"people": "", "exposures": 'time_zone = "Europe/Paris"\n', "arms": 'time_zone = "Europe/Paris"\n',
                   "consents": "", "suppressions": ""},
    "retailer": {"members": "", "purchases": 'time_zone = "Europe/Paris"\n', "consents": "", "suppressions": ""},
}


@dataclass(frozen=True)
class Process:
    """One node of a run: processor seconds and largest resident size, with its children."""

    cpu_seconds: float
    resident_bytes: int


@dataclass(frozen=True)
class Measured:
    """A whole run: from the start of `cleanroom match` to its end, and what each node used."""

    rows: int
    wall_seconds: float
    advertiser: Process
    retailer: Process
    bytes_sent: int
    bytes_received: int
    backend: str
    stages: dict[str, dict[str, float]]


def make_parties(out: Path, rows: int, settings: str = "") -> Path:
    """Write both parties' folders and a contract both have signed; its path. `settings`: further lines of party.toml
    after [node], for example its workers."""
    ports = dict(zip(ROLES, _free_ports(), strict=True))
    for role in ROLES:
        folder, peer = out / role, ROLES[1 - ROLES.index(role)]
        (folder / "data").mkdir(parents=True)
        tables = "\n".join(f'[data.{name}]\nfile = "data/{name}.parquet"\n{extra}'
                           for name, extra in TABLES[role].items())
        (folder / "party.toml").write_text(PARTY.format(role=role, name=NAMES[role], listen=ports[role],
                                                        peer=ports[peer], extra=settings, tables=tables))
        for name in TABLES[role]:
            _write(folder / "data" / f"{name}.parquet", _tables(role, name, rows))
        create_party(folder)
    terms, contract = out / "terms.toml", out / "contract.toml"
    terms.write_text(TERMS.format(rows=rows))
    make_contract(contract, terms, {role: out / role / CARD_NAME for role in ROLES})
    for role in (*ROLES, ROLES[0]):  # the advertiser takes the copy that both have signed
        sign_file(out / role, contract)
    return contract


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        return [one.getsockname()[1], two.getsockname()[1]]


def _write(path: Path, tables: Iterator[pa.Table]) -> None:
    writer: Any = None
    for table in tables:
        writer = writer or pa_parquet.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()


def _tables(role: str, name: str, rows: int) -> Iterator[pa.Table]:
    """Chunks of one table. Person i of the advertiser is person i + rows/2 of the retailer."""
    if name == "suppressions":
        yield pa.table({"person": pa.array([], pa.string())})
        return
    for start in range(0, rows, CHUNK):
        number = np.arange(start, min(start + CHUNK, rows))
        random = np.random.Generator(np.random.PCG64([start, len(name), ROLES.index(role)]))
        yield pa.table(_columns(role, name, number, random, rows))


def _columns(role: str, name: str, number: np.ndarray, random: np.random.Generator, rows: int) -> dict[str, Any]:
    person, count = _texts("c" if role == "advertiser" else "m", number), len(number)
    match name:
        case "people" | "members":
            shift = 0 if role == "advertiser" else rows // 2
            emails = pc.binary_join_element_wise(_texts("person", number + shift), pa.scalar("@example.org"), "")
            segments = {"segment": _texts("s", number % SEGMENTS)} if role == "advertiser" else {}
            return {"person": person, "email": emails, **segments}
        case "arms":
            return {"person": person, "arm": pc.if_else(pa.array(number % 2 == 0), "exposed", "control"),
                    "day": pa.array(DAYS + random.integers(0, 14, count))}
        case "exposures":
            seen = number % 2 == 0
            day = pa.array((DAYS + random.integers(0, 14, count))[seen])
            return {"person": person.filter(pa.array(seen)), "channel": _same("email", int(seen.sum())),
                    "campaign": _same("autumn", int(seen.sum())), "day": day}
        case "purchases":
            twice = np.repeat(np.arange(count), 2)
            return {"person": person.take(pa.array(twice)),
                    "day": pa.array(DAYS + random.integers(0, 56, 2 * count)),
                    "basket": _texts("b", 2 * number[twice] + np.tile([0, 1], count)),
                    "amount": pa.array(random.integers(100, 20_000, 2 * count) / 100),
                    "quantity": pa.array(random.integers(1, 4, 2 * count)),
                    "category": pa.array(CATEGORIES[random.integers(0, len(CATEGORIES), 2 * count)])}
    partner = NAMES[ROLES[1 - ROLES.index(role)]]
    return {"record_id": _texts("r", number), "person": person, "purpose": _same(PURPOSE, count),
            "legal_basis": _same("consent", count), "status": _same("given", count),
            "event_time": _same("2025-06-01T10:00:00Z", count), "scope": _same("account", count),
            "recipients": _same(partner, count)}


def _texts(prefix: str, numbers: np.ndarray) -> Any:
    return pc.binary_join_element_wise(pa.scalar(prefix), pa.array(numbers).cast(pa.string()), "")


def _same(text: str, count: int) -> Any:
    return pa.array([text]).take(pa.array(np.zeros(count, dtype=np.int64)))


def run_parties(out: Path) -> Measured:
    """One run over mutual TLS on this machine. SystemExit when it fails."""
    command = [sys.executable, "-m", "cleanroom.cli.main"]
    for role in ROLES:
        shutil.rmtree(out / role / "state", ignore_errors=True)  # the contract's budget pays for a few runs only
    with (out / "node.log").open("ab") as log:
        node = subprocess.Popen([*command, "node", str(out / "retailer")], stderr=log)  # noqa: S603
        try:
            started = time.monotonic()
            with (out / "match.json").open("wb") as result:
                dialler = subprocess.Popen([*command, "match", str(out / "advertiser"), "--contract",  # noqa: S603
                                            str(out / "contract.toml"), "--json"], stdout=result)
                _, status, used = os.wait4(dialler.pid, 0)
            wall = time.monotonic() - started
            time.sleep(1)  # the node writes its own reports
        finally:
            node.send_signal(signal.SIGTERM)
            _, _, node_used = os.wait4(node.pid, 0)
    if status:
        raise SystemExit(f"cleanroom match ended with {os.waitstatus_to_exitcode(status)}")
    runs = {role: _last_measurement(out / role) for role in ROLES}
    own = runs["advertiser"]["runtime"]
    rows = pa_parquet.ParquetFile(out / "advertiser/data/people.parquet").metadata.num_rows
    return Measured(rows, wall, _process(used), _process(node_used), own["bytes_sent"], own["bytes_received"],
                    own["backend"], {role: dict(runs[role]["runtime"]["stages"]) for role in ROLES})


def _process(used: Any) -> Process:
    return Process(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def _last_measurement(party: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(max((party / "runs").glob("*/measurement.json")).read_text())
    return found


def _print(measured: Measured) -> None:
    rows = measured.rows
    print(f"{rows:,} x {rows:,}, {measured.backend}: {measured.wall_seconds:.1f} s wall")
    for role in ROLES:
        used: Process = getattr(measured, role)
        print(f"  {role:<11} {used.cpu_seconds:8.1f} s processor, {1e6 * used.cpu_seconds / rows:6.1f} µs a row, "
              f"{used.resident_bytes / 1e6:8.0f} MB resident")
    sent, received = measured.bytes_sent, measured.bytes_received
    print(f"  traffic {sent / 1e6:.1f} MB out, {received / 1e6:.1f} MB in: {(sent + received) / rows:.1f} bytes a row")
    for role in ROLES:
        print(f"  {role}: " + ", ".join(f"{name} {spent:.1f}" for name, spent in measured.stages[role].items()
                                        if spent >= 0.05))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Two nodes of this machine on lists of any size.")
    parser.add_argument("what", choices=["make", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--settings", default="", help="further lines of party.toml after [node]")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.what == "make":
        make_parties(options.folder, options.rows, options.settings.replace("\\n", "\n"))
        return
    measured = run_parties(options.folder)
    print(json.dumps(asdict(measured), indent=2)) if options.json else _print(measured)


if __name__ == "__main__":
    main()
