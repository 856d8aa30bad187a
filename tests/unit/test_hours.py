"""Hours of the day: strict text, both sides of midnight, days on which the clocks change."""

from __future__ import annotations

from datetime import datetime

import pytest

from cleanroom.adapters.hours import Hours

DAY = "08:00-18:00 Europe/Paris"
NIGHT = "22:00-06:00 Europe/Paris"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(("hours", "moment", "inside"), [
    (DAY, "2026-01-15T07:00:00+00:00", True),  # 08:00 in Paris
    (DAY, "2026-01-15T06:59:59+00:00", False),
    (DAY, "2026-01-15T17:00:00+00:00", False),
    (DAY, "2026-07-15T06:00:00+00:00", True),  # summer time
    (DAY, "2026-07-15T16:00:00+00:00", False),
    (NIGHT, "2026-01-15T21:00:00+00:00", True),
    (NIGHT, "2026-01-15T04:59:00+00:00", True),
    (NIGHT, "2026-01-15T05:00:00+00:00", False),
    ("00:00-00:01 UTC", "2026-01-15T00:00:59+00:00", True),
])
def test_hours_are_those_of_the_zone(hours: str, moment: str, inside: bool) -> None:
    assert Hours.parse(hours).contain(at(moment)) is inside


@pytest.mark.parametrize(("moment", "start"), [
    ("2026-01-15T17:00:00+00:00", "2026-01-16T07:00:00+00:00"),
    ("2026-01-15T05:00:00+00:00", "2026-01-15T07:00:00+00:00"),
    ("2026-03-28T20:00:00+00:00", "2026-03-29T06:00:00+00:00"),  # the clocks go forward in the night
    ("2026-10-24T20:00:00+00:00", "2026-10-25T07:00:00+00:00"),  # and back
])
def test_the_next_start_is_by_the_clocks_of_that_day(moment: str, start: str) -> None:
    found = Hours.parse(DAY).next_start(at(moment))
    assert found == at(start)
    assert Hours.parse(DAY).contain(found)


@pytest.mark.parametrize("text", [
    "", "08:00-18:00", "8:00-18:00 Europe/Paris", "08:00-24:00 Europe/Paris", "08:60-18:00 UTC", "08:00-08:00 UTC",
    "08:00 - 18:00 UTC", "08:00-18:00  UTC", "08:00-18:00 Europe/Atlantis", "08:00-18:00 ../../etc/passwd",
    "08:00-18:00 UTC\n", "٠٨:00-18:00 UTC", "08:00-18:00 America", "08:00-18:00 /",
    "08:00-18:00 localtime", "08:00-18:00 right/Europe/Paris"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be HH:MM|different times|unknown time zone"):
        Hours.parse(text)
