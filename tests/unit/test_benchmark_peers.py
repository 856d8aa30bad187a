"""benchmarks/peers.py: its table, its words for what is missing, how a worker ends. No peer is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cleanroom.errors import UsageError

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "peers.py"


@pytest.fixture(scope="module")
def peers() -> Any:
    spec = importlib.util.spec_from_file_location("benchmark_peers", SCRIPT)
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def figures(peers: Any, *seconds: float) -> list[Any]:
    return [peers.Figures(each, 2_000_000, 30_000_000) for each in seconds]


def test_a_row_has_medians_and_the_median_of_the_ratios(peers: Any) -> None:
    tool = peers.TOOLS[1]
    found = peers.row(tool, figures(peers, 6, 2, 4), figures(peers, 2, 4, 1), {tool.package: "9.9"})
    assert found == ["OpenMined PSI 9.9", tool.protocol, "4.00 (2.00–6.00)", "3.00", "2.0 MB", "30.0 MB", tool.reveals]


def test_a_peer_that_loses_or_is_missing_stays_in_the_table(peers: Any) -> None:
    tool = peers.TOOLS[1]
    why = "not installable here: no wheel"
    assert peers.row(tool, why, figures(peers, 1), {tool.package: why})[:4] == ["OpenMined PSI", tool.protocol, why, ""]


def test_without_a_figure_of_this_product_there_is_no_ratio(peers: Any) -> None:
    tool = peers.TOOLS[1]
    assert peers.row(tool, figures(peers, 1), "failed: full disk", {tool.package: "9.9"})[3] == ""


def test_traffic_nobody_knows_is_unknown(peers: Any) -> None:
    found = [peers.Figures(1.0, None, 1)]
    assert peers.row(peers.TOOLS[-1], found, found, {})[4] == "unknown"


def test_the_table_is_markdown(peers: Any) -> None:
    lines = peers.table([["a"] * len(peers.HEADER)]).splitlines()
    assert len(lines) == 3
    assert {line.count("|") for line in lines} == {len(peers.HEADER) + 1}


@pytest.mark.parametrize(("output", "said"), [
    ("WARNING: old pip\nERROR: No matching distribution found for spu\n", "No matching distribution found for spu"),
    ("Traceback\nModuleNotFoundError: No module named 'spu'\nbye\n", "ModuleNotFoundError: No module named 'spu'"),
    ("one\ntwo\n", "two"), ("", "it said nothing")])
def test_the_reason_is_the_last_error(peers: Any, output: str, said: str) -> None:
    assert peers.reason(output) == said


def test_what_cannot_be_installed_is_told_with_the_first_reason(peers: Any, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text('#!/bin/sh\nfor last; do :; done\necho "ERROR: no wheel of $last" >&2\nexit 1\n')
    python.chmod(0o755)
    _, installed = peers.install(tmp_path)
    assert installed == {name: f"not installable here: no wheel of {name}=={versions[0]}"
                         for name, versions in peers.PACKAGES.items()}
    assert all(installed[tool.package].startswith("not") for tool in peers.TOOLS if tool.package)


@pytest.mark.parametrize(("script", "said"), [
    ("import sys; sys.exit('ValueError: no curve')", "ValueError: no curve"),
    ("import time; time.sleep(60)", "given up after 0.5 s"),
    ("pass", "ended without a result"),
    ("""import pathlib, sys
pathlib.Path(sys.argv[4], "result.json").write_text('{"matches": 7, "sent": 1, "seconds": 1, "memory": 1}')""",
     "found 7 matches, not 5")])
def test_a_worker_without_a_right_result_is_told(peers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                 script: str, said: str) -> None:
    (tmp_path / "worker.py").write_text(script)
    monkeypatch.setattr(peers, "WORKERS", tmp_path)
    tool = peers.Tool("Tool", "", "", "package", "worker.py", "")
    (tmp_path / "run").mkdir()
    with pytest.raises(peers.NoResultError, match=said):
        peers.run(tool, 10, 0.5 if "given up" in said else 30, Path(sys.executable), tmp_path / "run")


def test_a_failure_is_kept_and_the_tool_not_tried_again(peers: Any, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fails(tool: Any, *_: object) -> None:
        tries.append(tool)
        raise UsageError("too few")

    monkeypatch.setattr(peers, "run", fails)
    found = peers.compare(peers.TOOLS, 2_000, 2, 1.0, Path("python"), {"spu": "not installable here: x"}, tmp_path)
    assert set(found.values()) == {"failed: too few", "not installable here: x"}
    assert len(tries) == sum(tool.package != "spu" for tool in peers.TOOLS)


def test_half_of_the_keys_are_on_both_sides(peers: Any, tmp_path: Path) -> None:
    sets = [set(peers.write_keys(tmp_path / str(rank), rank * 5, 10).joinpath("keys.csv").read_text().splitlines()[1:])
            for rank in range(2)]
    assert [len(each) for each in sets] == [10, 10]
    assert len(sets[0] & sets[1]) == 5


@pytest.mark.parametrize("words", [["--rows", "12"], ["--rows", "many"], ["--repeats", "0"]])
def test_bad_arguments_are_refused(peers: Any, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        peers.parsed(words)
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_every_tool_has_its_worker(peers: Any) -> None:
    scripts = {tool.script for tool in peers.TOOLS if tool.package}
    assert scripts == {path.name for path in peers.WORKERS.glob("*.py")} - {"party.py"}
