"""The advertiser's cells: where each person stands, or why they are left out.

Pure arithmetic on one party's own rows. Counts of exclusions are exact, so for the owner's report only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.contract.attribution import NONE
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import CONTROL, EXPOSED, EXPOSURE_DIMENSIONS, UNEXPOSED, Plan
from cleanroom.errors import DataError
from cleanroom.measures.exposures import attributes, not_shown, qualifying

__all__ = ["CONTROL", "EXPOSED", "UNEXPOSED", "assign_cells", "exposure_days"]

def assign_cells(plan: Plan, people: pd.DataFrame) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Cell of each person, and how many were left out for which reason.

    `people`: one row a person with `person` (unique), a column for each dimension of the contract and `day`
    (datetime64, a date in the contract's time zone: first exposure of the exposed, assignment of the others).

    Returns int64 (people,) of indices into plan.cells, -1 where left out, and counts by reason: `no_arm`,
    `unknown_<dimension>` (not listed, or missing), `outside_calendar` (also when missing); one person
    counts once, under the first that applies. Raises DataError for a missing column or a person twice.
    """
    dimensions = plan.contract.dimensions
    _require(people, ("person", "day", *(dimension.name for dimension in dimensions)), "people")
    cell = np.zeros(len(people), dtype=np.int64)
    reasons = {"no_arm": people["arm"].isna().to_numpy(dtype=np.bool_)}
    for dimension in dimensions:
        code = pd.Index(dimension.values).get_indexer(pd.Index(people[dimension.name])).astype(np.int64)
        cell = cell * len(dimension.values) + code
        reasons[f"unknown_{dimension.name}"] = code < 0
    period = _periods(plan, people["day"])
    reasons["outside_calendar"] = period < 0
    return _leave_out(_numbered(plan, cell) * plan.periods + period, reasons)


def compacted(plan: Plan, people: pd.DataFrame) -> pd.DataFrame:
    """The frame of `exposure_days` in a few bytes a person: `person`, `day`, and the dimensions as categories of the
    contract's values, with the empty text for every other value. The same for all parts of a table."""
    frame = people[["person", "day"]].reset_index(drop=True)
    for dimension in plan.contract.dimensions:
        values, known = people[dimension.name], [*dimension.values, ""]
        codes = pd.Index(known).get_indexer(pd.Index(values))
        codes = np.where(values.isna(), -1, np.where(codes < 0, len(known) - 1, codes))
        frame[dimension.name] = pd.Categorical.from_codes(codes.astype(np.int16), categories=pd.Index(known))
    return frame


def _numbered(plan: Plan, code: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position among the combinations that can hold a person; codes of others are of people left out."""
    kinds = [cell.values for cell in plan.cells[::plan.periods]]
    possible = np.zeros(len(kinds), dtype=np.int64)
    for position, dimension in enumerate(plan.contract.dimensions):
        index = pd.Index(dimension.values)
        possible = possible * len(index) + index.get_indexer(pd.Index([kind[position] for kind in kinds]))
    return np.asarray(np.searchsorted(possible, np.clip(code, 0, None)), dtype=np.int64)


def exposure_days(contract: Contract, arms: pd.DataFrame, exposures: pd.DataFrame) \
        -> tuple[pd.DataFrame, dict[str, int]]:
    """The frame `assign_cells` wants, from arms and exposures, and how many people were left out why.

    `arms`: one row a person with `person`, `arm`, `day` of assignment, and `segment` if the contract has it.
    `exposures`: `person`, `channel`, `campaign`, `day`, and `type` where the advertiser has it. Which of them qualify
    is said in `measures.exposures`.

    Exposed people take the day of their first qualifying exposure; without one they are left out as
    `no_exposure`. People of the arms control and holdout take the day of their first opportunity, an advertisement
    logged but not shown, else of their assignment; they are left out as `contaminated` when they have a qualifying
    exposure. Other arms keep the day of their assignment. Whoever has no exposure has the value `none` of every
    dimension of exposures. Raises DataError for a missing column, one of the wrong type, or a person twice in `arms`.
    """
    _require(arms, ("person", "arm", "day"), "arms")
    _require(exposures, ("person", "channel", "campaign", "day"), "exposures", unique=False)
    _require_dates(arms["day"], "arms")
    _require_dates(exposures["day"], "exposures")
    exposed, unexposed = arms["arm"].isin([EXPOSED]), arms["arm"].isin(UNEXPOSED)
    found = qualifying(contract, exposures)
    logged = not_shown(found, arms["person"][unexposed])
    seen = attributes(contract, found[~logged]).reindex(arms["person"]).set_index(arms.index)
    first = found[logged].groupby("person")["day"].min()
    missed = pd.Series(first.reindex(arms["person"]).to_numpy(), index=arms.index)
    day = seen["day"].where(exposed, missed.where(unexposed & missed.notna(), arms["day"]))
    no_exposure, contaminated = exposed & seen["day"].isna(), unexposed & seen["day"].notna()
    dimensions = {name: seen[name].astype(object).where(seen["day"].notna(), NONE)
                  for name in EXPOSURE_DIMENSIONS if name in seen}
    frame = arms.assign(day=day, **dimensions)[~(no_exposure | contaminated)]
    return frame, {"no_exposure": int(no_exposure.sum()), "contaminated": int(contaminated.sum())}


def _periods(plan: Plan, days: pd.Series) -> NDArray[np.int64]:
    calendar = plan.contract.calendar
    _require_dates(days, "people")
    offset = days.to_numpy().astype("datetime64[D]") - np.datetime64(calendar.exposures_from, "D")
    length = (calendar.exposures_until - calendar.exposures_from).days + 1
    known = ~np.isnat(offset)
    number = np.where(known, offset.astype(np.int64), -1)
    inside = (number >= 0) & (number < length)
    return np.where(inside, number // calendar.period_days, -1).astype(np.int64)


def _leave_out(cell: NDArray[np.int64], reasons: dict[str, NDArray[np.bool_]]) \
        -> tuple[NDArray[np.int64], dict[str, int]]:
    kept = np.ones(len(cell), dtype=np.bool_)
    counts = {}
    for reason, mask in reasons.items():
        counts[reason] = int((kept & mask).sum())
        kept &= ~mask
    return np.where(kept, cell, -1).astype(np.int64), counts


def _require(frame: pd.DataFrame, names: tuple[str, ...], where: str, *, unique: bool = True) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(f"column {missing[0]} is missing", where=where)
    twice = frame["person"].duplicated().to_numpy(dtype=np.bool_)
    if unique and twice.any():
        raise DataError("a person appears twice", where=f"{where}, row {int(np.argmax(twice)) + 1}",
                        todo="give each person one arm")


def _require_dates(days: pd.Series, where: str) -> None:
    if not pd.api.types.is_datetime64_dtype(days.dtype):
        raise DataError("column day must hold dates without time zone", where=where)
