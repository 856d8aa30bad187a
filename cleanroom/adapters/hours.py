"""The hours of the day in which a node answers runs: `08:00-18:00 Europe/Paris` in party.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from cleanroom.contract.types import time_zone

_FORM: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d) ([A-Za-z0-9_+/-]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hours:
    """Every day from `start` to `end` (excluded), by the clocks of `zone`; over midnight when `end` is the earlier."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str) -> Self:
        """Hours from their text. ValueError when it has another form."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError('must be HH:MM-HH:MM and a time zone, for example "08:00-18:00 Europe/Paris"')
        start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        if start == end:
            raise ValueError("must begin and end at different times")
        return cls(start, end, time_zone(found[5]))

    def contain(self, moment: datetime) -> bool:
        """Whether an aware moment lies within."""
        local = moment.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def next_start(self, moment: datetime) -> datetime:
        """When they begin next after an aware moment outside of them, UTC."""
        day = moment.astimezone(self.zone).date()
        today, tomorrow = (datetime.combine(day + timedelta(days=ahead), self.start, self.zone).astimezone(UTC)
                           for ahead in (0, 1))
        return today if today > moment else tomorrow
