"""No rule of the pack lacks a table-driven test: accepting and refusing cases, in the modules below.

Each module has ACCEPTING and REFUSING: their keys, or the first item of each case, are rule ids.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from cleanroom.rules import CURRENT

TESTS = Path(__file__).parent.parent
MODULES = {"C": "unit/test_contract_rules.py", "R": "unit/test_consent_row_rules.py",
           "X": "protocol/test_run_rules.py", "P": "unit/test_rules_of_reports.py"}


@cache
def module(letter: str) -> ModuleType:
    path = TESTS / MODULES[letter]
    if not path.exists():
        pytest.skip(f"{path.name} is not here yet")
    sys.path.append(str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(f"cases_{path.stem}", path)
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    finally:
        sys.path.remove(str(path.parent))
    return found


def ids(cases: Iterable[object]) -> set[str]:
    return {case if isinstance(case, str) else str(case[0]) for case in cases}


@pytest.mark.parametrize("rule", [each.id for each in CURRENT.rules])
def test_the_rule_has_accepting_and_refusing_cases(rule: str) -> None:
    found = module(rule[0])
    assert rule in ids(found.ACCEPTING)
    assert rule in ids(found.REFUSING)


def test_there_are_no_cases_of_unknown_rules() -> None:
    known = {each.id for each in CURRENT.rules}
    for letter, path in MODULES.items():
        if (TESTS / path).exists():
            assert ids(module(letter).ACCEPTING) | ids(module(letter).REFUSING) <= known
