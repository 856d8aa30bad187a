"""The gate: the only way from a party's tables to the rooms that make tokens and sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Generic, NoReturn, TypeVar

import numpy as np
import pandas as pd

from cleanroom.consent.rules import LOOKBACK, PERSON_RULES, first_refusal, inside_lookback
from cleanroom.consent.subjects import subjects_of
from cleanroom.contract.keys import DEFAULT_SHARED
from cleanroom.contract.model import Contract, Match, other
from cleanroom.errors import DataError, MisuseError
from cleanroom.identity.matching import MatchKeys, match_keys
from cleanroom.identity.tables import AdvertiserTables, RetailerTables

Tables = TypeVar("Tables", AdvertiserTables, RetailerTables)
_TIMED: Final = frozenset({"exposures", "purchases", "visits"})  # the tables of R-11
_TOKEN: Final = object()


@dataclass(frozen=True, slots=True)
class GateReport:
    """Exact counts, for the owner only: shared reports show them in buckets.

    `refused`: people by rule id, each person once. `dropped`: rows by table name, of people admitted, outside
    the look-back (R-11).
    """

    considered: int
    admitted: int
    refused: Mapping[str, int]
    dropped: Mapping[str, int]

    def document(self) -> dict[str, object]:
        """JSON-compatible form."""
        return {"considered": self.considered, "admitted": self.admitted, "refused": dict(self.refused),
                "dropped": {LOOKBACK.id: dict(self.dropped)}}


class Admitted(Generic[Tables]):
    """People who may take part, and only their rows.

    Made by `gate` alone: it cannot be constructed, changed, copied, subclassed or unpickled elsewhere.
    """

    __slots__ = ("_report", "_tables")
    _report: GateReport
    _tables: Tables

    def __init__(self, tables: Tables, report: GateReport, *, token: object) -> None:
        if token is not _TOKEN:
            raise MisuseError("only the consent gate admits people")
        object.__setattr__(self, "_tables", tables)
        object.__setattr__(self, "_report", report)

    @property
    def tables(self) -> Tables:
        """Rows of the admitted people: purchases and exposures inside the look-back, no consent records."""
        return self._tables

    @property
    def report(self) -> GateReport:
        """What was refused, and why."""
        return self._report

    @property
    def persons(self) -> pd.Index:
        """Ids of the admitted people, in table order."""
        ids: pd.Index = pd.Index(self._tables.roster["person"])
        return ids

    def match_keys(self, terms: Match) -> MatchKeys:
        """Normalised, de-duplicated keys of the admitted people, under the contract's terms of the match."""
        return match_keys(self._tables.roster, terms.keys, terms.normalisation, terms.shared_values or DEFAULT_SHARED)

    def __len__(self) -> int:
        return len(self._tables.roster)

    def __repr__(self) -> str:
        return f"Admitted({len(self)} people)"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise MisuseError("admitted people cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise MisuseError("admitted people cannot be changed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise MisuseError("admitted people cannot be copied or stored")

    def __init_subclass__(cls) -> None:
        raise MisuseError("admitted people have one type")


def gate(contract: Contract, tables: Tables, now: datetime) -> Admitted[Tables]:
    """Let through the people whose consent stands at `now` (timezone-aware), and their rows.

    The role is that of the tables. DataError when a person appears twice, MisuseError for a naive `now`.
    """
    if now.tzinfo is None:
        raise MisuseError("the gate needs a time with its zone")
    persons = pd.Index(tables.roster["person"])
    if not persons.is_unique:
        raise DataError("a person appears twice", where=tables.role, todo="keep one row per person")
    verdict = first_refusal(subjects_of(
        persons, tables.consents, tables.suppressions, purpose=contract.consent.purpose,
        partner=contract.party(other(tables.role)).name.strip(), now=now))
    kept, dropped = _inside(contract, tables.select(persons[verdict < 0]))
    report = GateReport(len(persons), int((verdict < 0).sum()), _by_rule(verdict), dropped)
    return Admitted(kept, report, token=_TOKEN)


def _by_rule(verdict: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Mapping[str, int]:
    counts = np.bincount(verdict[verdict >= 0], minlength=len(PERSON_RULES))
    return MappingProxyType({rule.id: int(count) for rule, count in zip(PERSON_RULES, counts, strict=True)})


def _inside(contract: Contract, tables: Tables) -> tuple[Tables, Mapping[str, int]]:
    """R-11 on every timed table."""
    masks = {name: inside_lookback(frame["day"], contract)
             for name, frame in tables.frames().items() if name in _TIMED}
    dropped = {name: int((~mask).sum()) for name, mask in masks.items()}
    return tables.where(masks), MappingProxyType(dropped)
