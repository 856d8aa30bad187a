"""What a run costs by its size: fitted to some benchmark runs, checked against another, and carried on.

    cleanroom bench --rows 10000 --json > 10k.json         # and 100k, 1M, on a quiet machine
    python benchmarks/cost_model.py 10k.json 100k.json 1m.json --check 3m.json --rows 10000000 100000000 1000000000

Every quantity is fixed + each · rows, both not negative, by least squares of the relative errors: small runs count as
much as large ones. Of processor time, the columns' part is what the stage `columns` takes of all stages' seconds:
an estimate, since a stage also waits for the other side. Memory is fitted to the two largest sizes only: the budget
of a run bends its line, and what small runs add does not go on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import nnls

from cleanroom.limits import MAX_ROWS

ROLES: Final = ("advertiser", "retailer")
CPU, COLUMNS, BYTES, MEMORY = "processor s", "of which columns", "bytes sent", "peak memory"
WIRE_VALUE: Final = 16  # bytes a value and row: four residues of 4 bytes


class Line(NamedTuple):
    """fixed + each · rows."""

    fixed: float
    each: float

    def at(self, rows: int) -> float:
        """Foreseen for a run of so many rows a side."""
        return self.fixed + self.each * rows


Model = Mapping[tuple[str, str], Line]  # by role and quantity


def quantities(run: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """What one run took, by role and quantity."""
    found = {}
    for role in ROLES:
        seconds = {stage["stage"]: stage[role] or 0.0 for stage in run["stages"]}
        processor = run["processor_seconds"][role]
        found[role, CPU] = processor
        found[role, COLUMNS] = processor * seconds["columns"] / sum(seconds.values())
        found[role, BYTES] = run["traffic"]["measured"][role]
        found[role, MEMORY] = run["peak_memory_bytes"][role]
    return found


def fit(runs: Sequence[Mapping[str, Any]]) -> Model:
    """A line for each quantity. At least two sizes, or ValueError."""
    rows = np.array([run["rows"] for run in runs], dtype=float)
    if len(set(rows)) < 2:
        raise ValueError("a line needs runs of two sizes at least")
    measured = [quantities(run) for run in runs]
    large = rows >= sorted(set(rows))[-2]
    model = {}
    for name in measured[0]:
        taken = large if name[1] == MEMORY else np.full(len(rows), fill_value=True)
        model[name] = _line(rows[taken], np.array([each[name] for each in measured])[taken])
    return model


def _line(rows: np.ndarray, values: np.ndarray) -> Line:
    weights = 1 / np.maximum(values, 1e-9)
    (fixed, each), _ = nnls(np.column_stack([weights, rows / rows.max() * weights]), np.ones(len(rows)))
    return Line(float(fixed), float(each / rows.max()))


def model_table(model: Model, columns: int) -> Table:
    """The lines, and what is left of the bytes and processor time without the columns."""
    table = Table("role", "quantity", "fixed", "a million rows", "a million rows and column", title="Fitted")
    for (role, name), line in model.items():
        a_column = {COLUMNS: line.each / (1 + columns), BYTES: WIRE_VALUE if role == "retailer" else 0.0}.get(name)
        table.add_row(role, name, f"{line.fixed:,.2f}", f"{line.each * 1e6:,.1f}",
                      "" if a_column is None else f"{a_column * 1e6:,.2f}")
    return table


def check_table(model: Model, run: Mapping[str, Any]) -> Table:
    """Foreseen and measured of a run that the model has not seen."""
    table = Table("role", "quantity", "foreseen", "measured", "deviation",
                  title=f"Checked against {run['rows']:,} rows, to which nothing was fitted")
    for name, measured in quantities(run).items():
        foreseen = model[name].at(run["rows"])
        table.add_row(*name, f"{foreseen:,.1f}", f"{measured:,.1f}", f"{100 * (foreseen / measured - 1):+.1f} %")
    return table


def needs_table(model: Model, sizes: Sequence[int], cores: int) -> Table:
    """What larger runs need if the lines go on."""
    table = Table("rows a side", "role", "core hours", f"hours on {cores} cores of its own", "GB sent", "GB of memory",
                  title="Needed, if the lines go on")
    for rows in sizes:
        beyond = " (beyond one run today)" if rows > MAX_ROWS else ""
        for role in ROLES:
            hours = model[role, CPU].at(rows) / 3600
            table.add_row(f"{rows:,}{beyond}", role, f"{hours:,.2f}", f"{hours / cores:,.2f}",
                          f"{model[role, BYTES].at(rows) / 1e9:,.1f}", f"{model[role, MEMORY].at(rows) / 1e9:,.1f}")
    return table


def main() -> None:
    """Read, fit, check, print."""
    parser = argparse.ArgumentParser(description="Cost of a run by its size, from `cleanroom bench --json`.")
    parser.add_argument("runs", nargs="+", type=Path, help="runs to fit to")
    parser.add_argument("--check", type=Path, required=True, help="a run of another size that is not fitted to")
    parser.add_argument("--rows", nargs="+", type=int, default=[10**7, 10**8, 10**9], help="sizes to foresee")
    chosen = parser.parse_args()
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in (*chosen.runs, chosen.check)]
    *runs, unseen = (document["run"] for document in documents)
    if len({(run["columns"], run["key_types"], run["cells"], run["backend"]) for run in (*runs, unseen)}) > 1:
        parser.error("the runs differ in more than their size")
    model, machine, console = fit(runs), documents[0]["machine"], Console(width=140)
    console.print(f"{machine['processor']}, {machine['cores']} cores, load {machine['load']}, {unseen['backend']}; "
                  f"{unseen['columns']} columns, {unseen['cells']} cells, {unseen['key_types']} key type")
    for table in (model_table(model, unseen["columns"]), check_table(model, unseen),
                  needs_table(model, chosen.rows, machine["cores"])):
        console.print(table)


if __name__ == "__main__":
    main()
