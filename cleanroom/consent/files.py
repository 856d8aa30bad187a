"""Rules about whole files: R-13, what may stand in them, and X-01, how old a suppression list may be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from cleanroom import limits
from cleanroom.consent.columns import AS_OF, OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from cleanroom.consent.texts import nanoseconds
from cleanroom.contract.model import Contract
from cleanroom.errors import DataError
from cleanroom.rules import rule

_OWN_COLUMNS: Final = {"consents": frozenset((*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)),
                       "suppressions": frozenset(("person", AS_OF))}

_COLUMNS: Final = f"{rule('R-13').english} / {rule('R-13').french}"


def allowed_columns(contract: Contract, table: str) -> frozenset[str]:
    """Product columns that a file may hold; those of consents and suppressions are the product's own."""
    return _OWN_COLUMNS.get(table) or frozenset(contract.consent.columns.get(table, ()))


def check_columns(columns: Iterable[str], allowed: frozenset[str], where: str) -> None:
    """R-13. `columns`: those of the file, by product name where they have one. DataError names the first other one."""
    for name in columns:
        if name not in allowed:
            raise DataError(f"R-13: the contract does not allow this column ({_COLUMNS})",
                            where=f"{where}, field {name}",
                            todo="remove it from the file, or agree on a contract that lists it in consent.columns")


_FRESH: Final = f"{rule('X-01').english} / {rule('X-01').french}"


def oldest_export(texts: pd.Series, where: str) -> datetime | None:
    """The oldest `as_of` of a suppression list; None without rows. DataError for one that is no time with an offset."""
    if not len(texts):
        return None
    times, valid = nanoseconds(texts)
    if not valid.all():
        raise DataError(f"X-01: a time of {AS_OF} cannot be read ({_FRESH})", where=where,
                        todo="write ISO 8601 with an offset, for example 2026-06-01T04:00:00Z")
    return datetime.fromtimestamp(int(times.min()) / 1e9, UTC)


def check_fresh(made: datetime, now: datetime, where: str) -> None:
    """X-01: `made`, the file's time of change or an older `as_of`, is no older than 24 hours. DataError else."""
    age = now - made
    if not timedelta(seconds=-limits.MAX_CLOCK_SKEW) <= age <= timedelta(seconds=limits.MAX_SUPPRESSION_AGE):
        what = "from the future" if age < timedelta(0) else f"{int(age.total_seconds() // 3600)} hours old"
        raise DataError(f"X-01: the suppression list is {what} ({_FRESH})", where=where,
                        todo="export the list again: whoever objected since must be left out")
