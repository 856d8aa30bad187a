"""The released table: the only thing about people that leaves a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.contract.plan import Group


@dataclass(frozen=True, slots=True)
class Row:
    """One group. `people` and `sums` are noised totals over matched people; None when suppressed.

    `sums` has one integer per statistic of the release, in its unit. Rows of an attribution release count in units of
    1 / `Plan.denominator`. Noise can make any number negative.
    """

    group: Group
    people: int | None
    sums: tuple[int, ...] | None

    @property
    def suppressed(self) -> bool:
        """Whether the group stayed under the contract's threshold."""
        return self.people is None


@dataclass(frozen=True, slots=True)
class ReleasedTable:
    """All groups of all releases, in plan order."""

    rows: tuple[Row, ...]

    def of(self, release: int) -> tuple[Row, ...]:
        """Rows of one release."""
        return tuple(row for row in self.rows if row.group.release == release)

    def document(self) -> list[Mapping[str, object]]:
        """JSON-compatible form, the one both parties sign."""
        return [
            {
                "release": row.group.release,
                "key": list(row.group.key),
                "people": row.people,
                "sums": None if row.sums is None else list(row.sums),
            }
            for row in self.rows
        ]
