"""Days out of raw columns, in one time zone. A time whose zone nobody stated is refused, never guessed."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.adapters.arrays import Column
from cleanroom.adapters.fields import Mask, mask, plain_texts, refuse
from cleanroom.adapters.reading import RawTable

_DATE: Final = r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_OFFSET: Final = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
# Inside what datetime64[ns] holds.
_EARLIEST, _LATEST = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")


def day(raw: RawTable, field: str, time_zone: str) -> pd.Series:
    """Days in `time_zone`: datetime64[ns], midnight, naive.

    A date is taken as it is. A time with an offset is moved to `time_zone`. A time without one needs the
    `time_zone` of its table in party.toml, else it is refused (an hour that occurs twice is taken as the
    second one, a skipped one is moved forward). DataError also for what is not ISO 8601.
    """
    column = raw.columns[field]
    if pa.types.is_date(column.type):
        times = _times(column)
    elif pa.types.is_timestamp(column.type):
        times = _local(raw, field, _times(column), time_zone)
    else:
        times = _written(raw, field, time_zone)
    bad = (times.isna() | (times < _EARLIEST) | (times >= _LATEST)).to_numpy(dtype=bool)
    refuse(raw, field, bad, "not a date or time", "write ISO 8601: 2017-10-30 or 2017-10-30T09:00:00Z")
    days: pd.Series = times.dt.normalize().astype("datetime64[ns]")
    return days


def _times(column: Column) -> pd.Series:
    zone = None if pa.types.is_date(column.type) else column.type.tz
    return pd.Series(column.cast(pa.timestamp("us", zone), safe=False).to_pandas())


def _written(raw: RawTable, field: str, time_zone: str) -> pd.Series:
    """Times out of ISO 8601 texts: dates, times with an offset, times without; NaT for the rest."""
    texts = plain_texts(raw, field)
    times = pd.Series(np.full(raw.rows, np.datetime64("NaT"), dtype="datetime64[us]"))
    for shape in (_DATE, _DATE + _CLOCK + _OFFSET, _DATE + _CLOCK):
        chosen = mask(pc.match_substring_regex(texts, f"^{shape}$"))
        if chosen.any():
            part = _parsed(texts, chosen, aware=shape.endswith(_OFFSET))
            local = part if shape == _DATE else _local(raw, field, part, time_zone, int(chosen.argmax()))
            times[chosen] = local.to_numpy(dtype="datetime64[us]")
    return times


def _parsed(texts: Column, chosen: Mask, *, aware: bool) -> pd.Series:
    part = pd.Series(texts.filter(pa.array(chosen)).to_pandas())
    return pd.to_datetime(part, format="ISO8601", errors="coerce", utc=aware)


def _local(raw: RawTable, field: str, times: pd.Series, time_zone: str, row: int = 0) -> pd.Series:
    """Naive local times of `time_zone`."""
    if times.dt.tz is None and raw.time_zone is None:
        raise raw.error("a time without an offset", field, row,
                        "write the offset, or say time_zone for this table in party.toml")
    if times.dt.tz is None and raw.time_zone == time_zone:
        return times
    if times.dt.tz is None:
        second = np.zeros(len(times), dtype=bool)
        zone = ZoneInfo(str(raw.time_zone))
        times = times.dt.tz_localize(zone, ambiguous=second, nonexistent="shift_forward")
    moved: pd.Series = times.dt.tz_convert(ZoneInfo(time_zone)).dt.tz_localize(None)
    return moved
