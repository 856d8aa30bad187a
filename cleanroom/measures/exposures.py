"""What the advertiser's exposures say about each person: first day, path, set of channels, frequency, engagement.

Only qualifying exposures count: a channel and a campaign of the contract, inside its calendar. An `opportunity` is a
chance to see, which counts as a view for those who were to be exposed; for people of an unexposed arm it is an
advertisement that was logged and not shown. And only those of the period of the first one count: the purchases that are
measured begin when that period ends, so no exposure that counts can follow them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.contract.attribution import NONE, OTHER, PATH_MARK, SET_MARK
from cleanroom.contract.model import Contract, DimensionName
from cleanroom.contract.plan import EXPOSURE_DIMENSIONS
from cleanroom.contract.values import ENGAGEMENTS, frequency_bounds
from cleanroom.contract.windows import PERIOD_MARK
from cleanroom.identity.tables import among

OPPORTUNITY: Final = "opportunity"
TYPES: Final = ("click", "view", "listen", "visit", OPPORTUNITY)
_ENGAGED: Final = ("click", "visit")  # the others were seen or heard


def qualifying(contract: Contract, exposures: pd.DataFrame) -> pd.DataFrame:
    """Exposures of this campaign. `type` is `view` where the advertiser has no types."""
    calendar, campaign, day = contract.calendar, contract.campaign, exposures["day"]
    inside = (day >= pd.Timestamp(calendar.exposures_from)) \
        & (day < pd.Timestamp(calendar.exposures_until) + pd.Timedelta(days=1))
    wanted = exposures["channel"].isin(campaign.channels) & exposures["campaign"].isin(campaign.names)
    typed = exposures if "type" in exposures else exposures.assign(type="view")
    return typed[inside & wanted]


def not_shown(found: pd.DataFrame, unexposed: pd.Series) -> NDArray[np.bool_]:
    """Which `qualifying` exposures are advertisements that were logged for `unexposed` people and not shown."""
    logged = np.asarray(found["type"] == OPPORTUNITY, dtype=np.bool_)
    return logged & among(found["person"], pd.Index(unexposed)) if logged.any() else logged


def attributes(contract: Contract, found: pd.DataFrame) -> pd.DataFrame:
    """One row a person of `qualifying` exposures, by person: `day` of the first, and the contract's dimensions.

    path: channels by day, a repetition at once counted once; on one day in the contract's order. channels: the set,
    in the contract's order. frequency: bucket of the number of exposures. engagement: the strongest one, where a type
    that is not listed counts as `click` (visit) or `view` (listen, opportunity). periods: those with an exposure,
    later ones too, counted from the first, `1+3`. campaign: that of the first exposure (of the contract's first on one
    day).
    """
    campaign = contract.campaign
    ranked = found.assign(
        _channel=pd.Index(campaign.channels).get_indexer(pd.Index(found["channel"])),
        _campaign=pd.Index(campaign.names).get_indexer(pd.Index(found["campaign"])))
    first = found.groupby("person")["day"].transform("min")
    inside = _period(contract, ranked["day"]) == _period(contract, first)
    ordered = ranked[inside].sort_values(["person", "day", "_channel"], kind="stable")
    people = ordered.groupby("person", sort=True)
    frame = pd.DataFrame({"day": people["day"].min()})
    for dimension in contract.dimensions:
        if dimension.name in EXPOSURE_DIMENSIONS:
            frame[dimension.name] = _values(contract, dimension.name, ordered, ranked).reindex(frame.index)
    return frame


def merge_rare(values: pd.Series, listed: Sequence[str], rare: Sequence[str], other: str) -> pd.Series:
    """Values that are not listed, or rare, become `other` when the contract lists it; `none` never does."""
    if other not in listed:
        return values
    kept = set(listed) - set(rare) | {NONE}
    return values.where(values.isin(kept), other)


def _values(contract: Contract, name: DimensionName, ordered: pd.DataFrame, found: pd.DataFrame) -> pd.Series:
    people = ordered.groupby("person", sort=True)
    match name:
        case "frequency":
            return _buckets(contract, people.size())
        case "engagement":
            return _strongest(_listed(contract, name), ordered)
        case "periods":
            return _patterns(contract, _listed(contract, name), found)
        case "campaign":
            return ordered.sort_values(["person", "day", "_campaign"], kind="stable").groupby("person")[
                "campaign"].first()
        case "channels":
            sets = ordered.sort_values(["person", "_channel"], kind="stable").drop_duplicates(["person", "_channel"])
            return sets.groupby("person")["channel"].agg(SET_MARK.join)
    again = (ordered["person"] == ordered["person"].shift()) & (ordered["channel"] == ordered["channel"].shift())
    return ordered[~again].groupby("person")["channel"].agg(PATH_MARK.join)


def _buckets(contract: Contract, counts: pd.Series) -> pd.Series:
    names = [value for value in _listed(contract, "frequency") if value != NONE]
    firsts = [first for first, _ in frequency_bounds(names)]
    position = np.searchsorted(firsts, counts.to_numpy(), side="right") - 1
    return pd.Series(np.array(names, dtype=object)[position], index=counts.index)


def _strongest(listed: Sequence[str], ordered: pd.DataFrame) -> pd.Series:
    meant = np.array([ENGAGEMENTS.index(kind if kind in listed else "click" if kind in _ENGAGED else "view")
                      for kind in ENGAGEMENTS])
    rank = pd.Series(meant[pd.Index(ENGAGEMENTS).get_indexer(pd.Index(ordered["type"]))], index=ordered.index)
    return rank.groupby(ordered["person"]).min().map(dict(enumerate(ENGAGEMENTS)))


def _patterns(contract: Contract, listed: Sequence[str], found: pd.DataFrame) -> pd.Series:
    """Patterns that are not listed are `other` when that is."""
    once = found.assign(_period=_period(contract, found["day"])).drop_duplicates(["person", "_period"])
    once = once.sort_values(["person", "_period"], kind="stable")
    number = once["_period"] - once.groupby("person")["_period"].transform("min") + 1
    return merge_rare(number.astype(str).groupby(once["person"]).agg(PERIOD_MARK.join), listed, (), OTHER)


def _listed(contract: Contract, name: str) -> Sequence[str]:
    return next(dimension.values for dimension in contract.dimensions if dimension.name == name)


def _period(contract: Contract, days: pd.Series) -> NDArray[np.int64]:
    offset = days.to_numpy().astype("datetime64[D]") - np.datetime64(contract.calendar.exposures_from, "D")
    return np.asarray(offset.astype(np.int64) // contract.calendar.period_days, dtype=np.int64)
