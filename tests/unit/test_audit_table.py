"""table.json is read by the contract's own shape: each release opens its own statistics."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "protocol"))

from kit import contract

from cleanroom.audit.receipt import read_table, table_bytes
from cleanroom.contract.plan import Plan
from cleanroom.errors import AuditError
from cleanroom.table import ReleasedTable, Row

PLAN = Plan(contract())


def table(extra: int = 0) -> bytes:
    return table_bytes(ReleasedTable(tuple(
        Row(group, 60, tuple(range(len(PLAN.statistics_of(group.release)) + extra))) for group in PLAN.groups)))


def test_releases_of_different_width_are_read_back() -> None:
    assert len({len(PLAN.statistics_of(index)) for index in range(len(PLAN.contract.releases))}) > 1
    assert table_bytes(read_table(table(), PLAN)) == table()


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(AuditError, match="group 1"):
        read_table(table(extra=1), PLAN)
