"""The gate: the only way from a party's tables to the rooms that make tokens and sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Generic, NoReturn, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.consent.evidence import Records
from cleanroom.consent.rules import DROPS, SHARED, WARNS, first_refusal, person_rules
from cleanroom.consent.sharing import strictest_of
from cleanroom.consent.subjects import subjects_of
from cleanroom.contract.keys import DEFAULT_SHARED
from cleanroom.contract.model import Contract, Match
from cleanroom.errors import DataError, MisuseError
from cleanroom.identity.matching import MatchKeys, NormalisedKeys, joined, normalised_keys, without_repeats
from cleanroom.identity.tables import AdvertiserTables, RetailerTables
from cleanroom.rules import CURRENT, Pack, Rule

Tables = TypeVar("Tables", AdvertiserTables, RetailerTables)
_TOKEN: Final = object()


@dataclass(frozen=True, slots=True)
class GateReport:
    """Exact counts, for the owner only: shared reports show them in buckets.

    `pack`: the rules applied. `refused`: people by rule id, each person once; `by_shared_key`: how many of them had
    a good record of their own, but share a key with somebody refused. `warned`: admitted people by rule id.
    `dropped`: rows of admitted people by rule id and table.
    """

    pack: str
    considered: int
    admitted: int
    refused: Mapping[str, int]
    by_shared_key: int
    warned: Mapping[str, int]
    dropped: Mapping[str, Mapping[str, int]]

    def document(self) -> dict[str, object]:
        """JSON-compatible form."""
        return {"rules": self.pack, "considered": self.considered, "admitted": self.admitted,
                "refused": dict(self.refused), "refused_by_a_shared_key": self.by_shared_key,
                "warned": dict(self.warned), "dropped": {rule: dict(rows) for rule, rows in self.dropped.items()}}


class Admitted(Generic[Tables]):
    """People who may take part, and only their rows.

    Made by `gate` alone: it cannot be constructed, changed, copied, subclassed or unpickled elsewhere.
    """

    __slots__ = ("_keys", "_records", "_report", "_tables")
    _keys: NormalisedKeys
    _records: Records
    _report: GateReport
    _tables: Tables

    def __init__(self, tables: Tables, keys: NormalisedKeys, records: Records, report: GateReport, *,
                 token: object) -> None:
        if token is not _TOKEN:
            raise MisuseError("only the consent gate admits people")
        object.__setattr__(self, "_tables", tables)
        object.__setattr__(self, "_keys", keys)
        object.__setattr__(self, "_records", records)
        object.__setattr__(self, "_report", report)

    @property
    def tables(self) -> Tables:
        """Rows of the admitted people that no rule drops, without consent records."""
        return self._tables

    @property
    def report(self) -> GateReport:
        """What was refused, and why."""
        return self._report

    @property
    def records(self) -> Records:
        """The consent records that decided, one for each admitted person."""
        return self._records

    @property
    def persons(self) -> pd.Index:
        """Ids of the admitted people, in table order."""
        return self._keys.persons

    @property
    def keys(self) -> NormalisedKeys:
        """Normalised keys of the admitted people, to be compared with those of other parts."""
        return self._keys

    def match_keys(self, terms: Match) -> MatchKeys:
        """De-duplicated keys of the admitted people, under the contract's terms of the match. MisuseError else."""
        if (terms.keys, terms.normalisation) != (self._keys.key_types, self._keys.profile):
            raise MisuseError("the gate looked at the contract's key types, and at no others")
        return without_repeats(self._keys, terms.shared_values or DEFAULT_SHARED)

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


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Judged:
    """What the rules say of each of n people before those who share a key are looked at together. Admits nobody.

    `own`: index of the rule that refuses, or -1. `present`: row of the deciding event, or -1. `warned`: by rule id.
    `agreed`: not refused, and with the account (see `consent.devices`).
    """

    own: NDArray[np.intp]
    keys: NormalisedKeys
    present: NDArray[np.intp]
    warned: Mapping[str, NDArray[np.bool_]]
    agreed: NDArray[np.bool_]

    def __repr__(self) -> str:
        return f"Judged({len(self.own)} people)"


def gate(contract: Contract, tables: Tables, now: datetime, pack: Pack = CURRENT) -> Admitted[Tables]:
    """Let through the people whose consent stands at `now` (timezone-aware), and their rows.

    The role is that of the tables. `pack`: another one only to replay an old run. DataError when a person appears
    twice, MisuseError for a naive `now`. Tables in parts pass in three steps: `judge` each, `settle` all, `admit` each.
    """
    judged = judge(contract, tables, now, pack)
    return admit(contract, tables, judged, settle([judged], pack)[0], pack)


def judge(contract: Contract, tables: AdvertiserTables | RetailerTables, now: datetime, pack: Pack = CURRENT) -> Judged:
    """First step of `gate`: the roster, consents and suppressions of a part."""
    if now.tzinfo is None:
        raise MisuseError("the gate needs a time with its zone")
    if not tables.roster["person"].is_unique:
        raise DataError("a person appears twice", where=tables.role, todo="keep one row per person")
    rules = person_rules(pack)
    people = subjects_of(contract, tables, now)
    own = first_refusal(people, rules)
    return Judged(own, _normalised(contract, tables), people.present,
                  {rule.id: WARNS[rule.check](people) for rule in rules if rule.check in WARNS},
                  (own < 0) & people.account)


def settle(parts: Sequence[Judged], pack: Pack = CURRENT) -> list[NDArray[np.intp]]:
    """Second step: the final verdict on each person of each part, those who share a key taken together."""
    own = [part.own for part in parts]
    if not any(rule.check == SHARED for rule in person_rules(pack)):
        return own
    columns = [joined([part.keys.columns[key_type].values for part in parts]) for key_type in parts[0].keys.key_types]
    return np.split(strictest_of(np.concatenate(own), columns), np.cumsum([len(each) for each in own])[:-1])


def admit(contract: Contract, tables: Tables, judged: Judged, verdict: NDArray[np.intp],
          pack: Pack = CURRENT) -> Admitted[Tables]:
    """Third step: the people of a part whom nothing refuses, with the rows that no rule drops."""
    if len(verdict) != len(judged.own) or len(verdict) != len(tables.roster):
        raise MisuseError("the verdict belongs to other tables")
    rules, rows = person_rules(pack), np.flatnonzero(verdict < 0)
    admitted = judged.keys.take(rows)
    kept, dropped = _drop(contract, tables.select(admitted.persons), pack)
    warned = MappingProxyType({rule: int(mask[rows].sum()) for rule, mask in judged.warned.items()})
    report = GateReport(pack.name, len(verdict), len(rows), _by_rule(verdict, rules),
                        int((verdict != judged.own).sum()), warned, dropped)
    records = Records(tables.consents, judged.present[rows], rows, tables.roster)
    return Admitted(kept, admitted, records, report, token=_TOKEN)


def combined(reports: Sequence[GateReport]) -> GateReport:
    """The counts of parts whose people are apart, added up."""
    if len(reports) == 1:
        return reports[0]
    dropped = {rule: _added([report.dropped[rule] for report in reports]) for rule in reports[0].dropped}
    return GateReport(reports[0].pack, sum(report.considered for report in reports),
                      sum(report.admitted for report in reports), _added([report.refused for report in reports]),
                      sum(report.by_shared_key for report in reports), _added([report.warned for report in reports]),
                      MappingProxyType(dropped))


def _added(counts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    return MappingProxyType({name: sum(each[name] for each in counts) for name in counts[0]})


def _normalised(contract: Contract, tables: AdvertiserTables | RetailerTables) -> NormalisedKeys:
    match = contract.match
    return normalised_keys(tables.roster, match.keys, match.normalisation, match.shared_values or DEFAULT_SHARED)


def _by_rule(verdict: NDArray[np.intp], rules: tuple[Rule, ...]) -> Mapping[str, int]:
    counts = np.bincount(verdict[verdict >= 0], minlength=len(rules))
    return MappingProxyType({rule.id: int(count) for rule, count in zip(rules, counts, strict=True)})


def _drop(contract: Contract, tables: Tables, pack: Pack) -> tuple[Tables, Mapping[str, Mapping[str, int]]]:
    """R-08 and R-11: rows of people who are admitted. Each row is counted at the first rule that drops it."""
    dropped = {}
    for rule in pack.rules:
        if rule.check in DROPS:
            names, drops = DROPS[rule.check]
            masks = {name: drops(frame, contract) for name, frame in tables.frames().items() if name in names}
            if masks:
                dropped[rule.id] = MappingProxyType({name: int(mask.sum()) for name, mask in masks.items()})
                tables = tables.where({name: ~mask for name, mask in masks.items()})
    return tables, MappingProxyType(dropped)
