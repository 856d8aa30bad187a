"""How long the consent gate takes, and how much memory: a retailer with a million members and three events each.

    python benchmarks/gate.py [--people 1000000] [--folder DIR]

Writes the tables as Parquet files, then reads and gates them in a process of its own, whose peak memory is measured.
Every column of a consent record is there except the TC string; a tenth of the people withdrew.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from cleanroom.adapters.demo_settings import RETAILER, demo_terms
from cleanroom.adapters.party import load_party
from cleanroom.adapters.readers import load_tables
from cleanroom.consent.evidence import commit
from cleanroom.consent.gate import gate
from cleanroom.contract.model import Contract

EVENTS = 3
PARTY = """
[party]
role = "retailer"
name = "{name}"
contact = "dpo@example.org"
[node]
listen = "127.0.0.1:7101"
peer = "127.0.0.1:7102"
"""


class Nowhere:
    """Takes the lines that a node would write to its disk."""

    def keep(self, lines: Iterable[bytes]) -> None:
        """Count them."""
        self.bytes = sum(len(line) for line in lines)


def terms() -> Contract:
    """The demonstration's contract."""
    party = {"contact": "nobody", "signing_key": "AAAA", "certificate": "AAAA"}
    names = {"advertiser": "Prairie Foods Advertising", "retailer": RETAILER}
    return Contract.model_validate({**demo_terms(), "parties": {role: {**party, "name": name}
                                                                for role, name in names.items()}})


def write(folder: Path, people: int) -> None:
    """party.toml and the four files."""
    random, now = np.random.default_rng(1), datetime.now(UTC)
    notice = next(item for item in terms().consent.notices if item.party == "retailer")
    ids = np.array([f"M{i:09d}" for i in range(people)])
    owner = np.repeat(np.arange(people), EVENTS)
    place = np.tile(np.arange(EVENTS), people)
    size = len(owner)
    second = 1_460_000_000 + random.integers(0, 10**7, size) + place * 20_000_000
    seen = int(now.timestamp()) - random.integers(86_400, 300 * 86_400, size)
    withdrawn = (place == EVENTS - 1) & (random.random(people)[owner] < 0.1)
    blank = np.full(size, "")
    frame = pd.DataFrame({
        "record_id": [str(uuid.UUID(bytes=part)) for part in
                      np.frombuffer(random.bytes(16 * size), dtype="V16").tolist()],
        "person": ids[owner], "purpose": "exposure_to_purchase_measurement", "legal_basis": "consent",
        "status": np.where(withdrawn, "withdrawn", "given"),
        "event_time": pd.to_datetime(second, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ"), "expires_at": blank,
        "scope": "account", "recipients": "Prairie Foods Advertising", "channel": "web", "method": "form",
        "notice_id": notice.id, "notice_sha256": notice.sha256,
        "proof_ref": np.char.add("archive/", np.arange(size).astype(str)),
        "proof_sha256": [digest.hex() for digest in np.frombuffer(random.bytes(32 * size), dtype="V32").tolist()],
        "birth_year": random.integers(1930, 1990, people)[owner].astype(str),
        "last_activity_at": pd.to_datetime(seen, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_activity_kind": "purchase", "source": "direct", "jurisdiction": "FR",
    })
    frame.sample(frac=1, random_state=1).to_parquet(folder / "consents.parquet", index=False)
    pd.DataFrame({"person": ids, "email": [f"Person.{i}@Example.org" for i in range(people)]}).to_parquet(
        folder / "members.parquet", index=False)
    pd.DataFrame({"person": ids[:1], "day": ["2017-11-05"], "basket": "b", "amount": "1.00", "quantity": 1,
                  "category": "GROCERY"}).to_parquet(folder / "purchases.parquet", index=False)
    pd.DataFrame({"person": ids[::200]}).to_parquet(folder / "suppressions.parquet", index=False)
    tables = "".join(f'[data.{name}]\nfile = "{name}.parquet"\n'
                     for name in ("members", "purchases", "consents", "suppressions"))
    (folder / "party.toml").write_text(PARTY.format(name=RETAILER) + tables, encoding="utf-8")


def measure(folder: Path) -> None:
    """Read, gate, and commit to the consents; print seconds and memory."""
    contract, now, start = terms(), datetime.now(UTC), time.perf_counter()
    tables = load_tables(load_party(folder), contract, now)
    read, start = time.perf_counter() - start, time.perf_counter()
    processor = time.process_time()
    admitted = gate(contract, tables, now)
    gated, peak = time.perf_counter() - start, _peak()
    processor = time.process_time() - processor
    del tables
    start = time.process_time()
    commit(admitted.records, "run", bytes(32), Nowhere())
    sys.stdout.write(f"read {read:.1f} s, gate {gated:.1f} s ({processor:.1f} s of processor), peak {peak:.2f} GB; "
                     f"consent root {time.process_time() - start:.1f} s of processor, peak {_peak():.2f} GB\n"
                     f"{admitted.report.document()}\n")


def _peak() -> float:
    """GB of this process alone: what `getrusage` says begins with the peak of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024**2


def main() -> None:
    """Write in this process, measure in a child."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", action="store_true", help="only measure what --folder holds")
    options = parser.parse_args()
    if options.measure:
        measure(options.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, options.people)
        subprocess.run([sys.executable, __file__, "--measure", "--folder", str(folder)], check=True)  # noqa: S603 - own program


if __name__ == "__main__":
    main()
