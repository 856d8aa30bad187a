"""One whole run between two processes on this machine: time, traffic, memory and processor time of each node."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from cleanroom.adapters.bench_data import CELLS, COLUMNS, write_bench_parties
from cleanroom.adapters.contract_files import read_contract
from cleanroom.adapters.run_files import MEASUREMENT_NAME, RunFiles
from cleanroom.adapters.synth.generate import TERMS_NAME
from cleanroom.adapters.usage import Usage, usage
from cleanroom.cli.pair import COMMAND, agree, free_addresses, running_node
from cleanroom.cli.plan_document import Network, plan_document
from cleanroom.contract.check import ROLES
from cleanroom.contract.model import Role
from cleanroom.contract.protocols import ECDH
from cleanroom.errors import MachineError
from cleanroom.flow import check_plan
from cleanroom.measures.planning import Assumptions
from cleanroom.session.costs import NATIVE

OVERLAP: Final = 0.5
_LOOK: Final = 0.05  # seconds between two looks at a process's memory
_FINISH: Final = 60.0  # seconds the answering node may take to write its reports after ours are there
_CONTRACT: Final = "contract.toml"


class Side(NamedTuple):
    """What one node tells of its run: its measurement.json's `runtime`, and what its processes used."""

    runtime: Mapping[str, Any]
    usage: Usage


class BenchRun(NamedTuple):
    """`seconds`: the initiator's whole process, from its start to its end, on the wall clock."""

    rows: int
    protocol: str
    seconds: float
    sides: Mapping[Role, Side]
    predicted: Mapping[Role, int]

    def document(self) -> dict[str, Any]:
        """As in the output of `cleanroom bench --json`."""
        stages = {role: side.runtime["stages"] for role, side in self.sides.items()}
        names = dict.fromkeys(name for role in ROLES for name in stages[role])
        sent = {role: int(side.runtime["bytes_sent"]) for role, side in self.sides.items()}
        measured, planned = sum(sent.values()), sum(self.predicted.values())
        return {
            "rows": self.rows, "common": round(OVERLAP * self.rows), "key_types": 1, "cells": CELLS, "columns": COLUMNS,
            "protocol": self.protocol,
            "backend": self.sides["advertiser"].runtime["backend"],
            "seconds": round(self.seconds, 3),
            "stage_seconds": round(sum(stages["advertiser"].values()), 3),
            "stages": [{"stage": name, **{role: stages[role].get(name) for role in ROLES}} for name in names],
            "traffic": {"measured": sent, "predicted": dict(self.predicted),
                        "bytes_per_row": round(measured / self.rows, 1),
                        "deviation_percent": round(100 * (measured / planned - 1), 2)},
            "peak_memory_bytes": {role: side.usage.memory for role, side in self.sides.items()},
            "processor_seconds": {role: round(side.usage.seconds, 2) for role, side in self.sides.items()},
        }


def bench_run(folder: Path, rows: int, protocol: str = ECDH) -> BenchRun:
    """Write both parties into an empty folder, and run them. UsageError for a size that cannot be run."""
    write_bench_parties(folder, rows, free_addresses(), protocol)
    parties: dict[Role, Path] = {role: folder / role for role in ROLES}
    contract = folder / _CONTRACT
    agree(parties, folder / TERMS_NAME, contract)
    with running_node(parties["retailer"]) as node:
        started = time.monotonic()
        used = _match(parties["advertiser"], contract)
        seconds = time.monotonic() - started
        runtime = {role: _runtime(party) for role, party in parties.items()}  # waits for the retailer's
        sides: dict[Role, Side] = {
            "advertiser": Side(runtime["advertiser"], used),
            "retailer": Side(runtime["retailer"], usage(node.pid))}
    return BenchRun(rows, protocol, seconds, sides, _predicted(contract, rows))


def _match(party: Path, contract: Path) -> Usage:
    """`cleanroom match` as a process. MachineError with its last line when it fails."""
    output = party / "match.log"
    with output.open("w", encoding="utf-8") as log:
        command = [*COMMAND, "match", str(party), "--contract", str(contract)]
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - our own program
        used = Usage(0, 0.0)
        try:
            while process.poll() is None:
                now = usage(process.pid)
                used = Usage(max(used.memory, now.memory), max(used.seconds, now.seconds))
                time.sleep(_LOOK)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        last = (output.read_text(encoding="utf-8").splitlines() or ["it said nothing"])[-1]
        raise MachineError(f"the benchmark's run ended with exit code {process.returncode}: {last}",
                           todo="mend that, or try fewer --rows")
    return used


def _runtime(party: Path) -> Mapping[str, Any]:
    """`runtime` of the party's only run, once its node has written it. MachineError when it never does."""
    end = time.monotonic() + _FINISH
    path = RunFiles(party).find("last") / MEASUREMENT_NAME
    while not path.exists():
        if time.monotonic() > end:
            raise MachineError("the answering node did not finish its run", where=str(party), todo="try fewer --rows")
        time.sleep(_LOOK)
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["runtime"]
    return found


def _predicted(contract: Path, rows: int) -> dict[Role, int]:
    """Bytes that `cleanroom plan --advertiser-people ROWS --retailer-people ROWS` foresees of each side."""
    plan = check_plan(read_contract(contract))
    assumed = Assumptions((rows / CELLS,) * CELLS, rows, OVERLAP, 1.0, 50.0, 80.0)
    foreseen = plan_document(plan, assumed, {}, Network(1, 1000.0, "", NATIVE))["run"]  # costs change no byte
    return {role: int(foreseen[f"{role}_bytes"]) for role in ROLES}
