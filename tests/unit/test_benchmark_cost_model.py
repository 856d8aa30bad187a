"""benchmarks/cost_model.py: exact lines are found, foreseen and compared; unlike runs are refused."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "cost_model.py"
FIXED, EACH = 2.0, 5e-5


@pytest.fixture(scope="module")
def model() -> Any:
    spec = importlib.util.spec_from_file_location("benchmark_cost_model", SCRIPT)
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(rows: int, **changes: Any) -> dict[str, Any]:
    """A run whose processor time is FIXED + EACH · rows, a quarter of it for columns."""
    both = dict.fromkeys(("advertiser", "retailer"), FIXED + EACH * rows)
    return {"rows": rows, "columns": 10, "key_types": 1, "cells": 20, "backend": "openssl",
            "stages": [{"stage": "gate", "advertiser": 3.0, "retailer": 3.0},
                       {"stage": "columns", "advertiser": 1.0, "retailer": 1.0},
                       {"stage": "hello", "advertiser": None, "retailer": None}],
            "traffic": {"measured": {"advertiser": 36 * rows, "retailer": 240 * rows}},
            "peak_memory_bytes": dict.fromkeys(both, 10**8 + 900 * rows), "processor_seconds": both, **changes}


def test_exact_lines_are_found(model: Any) -> None:
    found = model.fit([run(10_000), run(100_000), run(1_000_000)])
    for role in ("advertiser", "retailer"):
        assert found[role, model.CPU] == pytest.approx((FIXED, EACH))
        assert found[role, model.COLUMNS] == pytest.approx((FIXED / 4, EACH / 4))
        assert found[role, model.MEMORY] == pytest.approx((1e8, 900))
    assert found["retailer", model.BYTES] == pytest.approx((0, 240), abs=1e-6)
    assert found["retailer", model.CPU].at(10**9) == pytest.approx(FIXED + EACH * 1e9)


def test_memory_goes_on_as_between_the_two_largest(model: Any) -> None:
    steep = run(10_000, peak_memory_bytes={"advertiser": 1, "retailer": 1})
    found = model.fit([run(1_000_000), steep, run(100_000)])
    assert found["retailer", model.MEMORY] == pytest.approx((1e8, 900))


def test_one_size_makes_no_line(model: Any) -> None:
    with pytest.raises(ValueError, match="two sizes"):
        model.fit([run(10_000), run(10_000)])


def printed(model: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, *runs: dict[str, Any]) -> None:
    paths = []
    for number, each in enumerate(runs):
        paths.append(folder / f"{number}.json")
        machine = {"processor": "a processor", "cores": 2, "load": 0.1}
        paths[-1].write_text(json.dumps({"machine": machine, "run": each}), encoding="utf-8")
    *fitted, unseen = map(str, paths)
    monkeypatch.setattr(sys, "argv", ["cost_model.py", *fitted, "--check", unseen])
    model.main()


def test_deviations_and_needs_are_printed(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    slow = run(3_000_000, processor_seconds=dict.fromkeys(("advertiser", "retailer"), 304.0))
    printed(model, tmp_path, monkeypatch, run(10_000), run(1_000_000), slow)
    shown = capsys.readouterr().out
    assert "-50.0 %" in shown  # 152 s foreseen
    assert "+0.0 %" in shown
    assert "1,000,000,000 (beyond one run today)" in shown
    assert "10,000,000 (beyond" not in shown


def test_runs_of_other_columns_are_refused(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        printed(model, tmp_path, monkeypatch, run(10_000), run(100_000), run(1_000_000, columns=3))
