"""Attribution: the sales of the window credited to channels, by the method of each release."""

from __future__ import annotations

from functools import reduce

from cleanroom.contract.attribution import UNATTRIBUTED
from cleanroom.contract.model import Measure
from cleanroom.contract.plan import Plan
from cleanroom.measures.catalogue.base import (
    SUPPRESSED,
    Cohort,
    Context,
    MetricDefinition,
    Outcome,
    Part,
    asked,
    cohort,
    publish,
)
from cleanroom.measures.estimate import Estimate, Unit
from cleanroom.measures.fractions import fraction, portion
from cleanroom.measures.noise import Noised
from cleanroom.measures.statistics import census
from cleanroom.table import ReleasedTable, Row

_UNITS: dict[Measure, Unit] = {"sales": "cents", "buyers": "people", "baskets": "baskets", "units": "units"}
_PART = Part((asked("sales"),), tuple(asked(measure) for measure in _UNITS if measure != "sales"), attribution=True,
             credited=True)


def compute(plan: Plan, table: ReleasedTable, _context: Context) -> list[Estimate]:
    """Of each attribution release, for each channel and what is left: `credited_<measure>_<method>`, and
    `credit_share_<method>` of all sales; then `attributed_sales_<method>`, all that is not unattributed.

    A census of the matched people: intervals hold noise only. With the unattributed row the credits add up to the
    sales of everybody. A credit says who touched, not who caused. Where the contract has look-backs, only what was
    bought within them is credited, and `unattributed_sales_<method>` is all the rest.
    """
    credit = _looking_back if plan.contract.calendar.lookback else _release
    return [estimate for release in range(len(plan.contract.releases))
            if _PART.reads(plan, release) is not None for estimate in credit(plan, table.of(release))]


def _release(plan: Plan, rows: tuple[Row, ...]) -> list[Estimate]:
    method = plan.contract.releases[rows[0].group.release].attribution
    found: list[Estimate] = []
    for row in rows:
        people = cohort(plan, row)
        found += [publish("attribution", f"credited_{measure}_{method}", unit,
                          SUPPRESSED if people is None else census(people.needed(measure)), group=row.group)
                  for measure, unit in _UNITS.items() if _offers(plan, row, measure)]
        found.append(publish("attribution", f"credit_share_{method}", "share", _share(plan, row, rows),
                             group=row.group, numerator="credited sales", denominator="sales of all matched people"))
    return [*found, publish("attribution", f"attributed_sales_{method}", "cents", _attributed(plan, rows), group=None)]


def _looking_back(plan: Plan, rows: tuple[Row, ...]) -> list[Estimate]:
    method = plan.contract.releases[rows[0].group.release].attribution
    everybody, found = _sales(plan, list(rows)), []
    channels = [row for row in rows if row.group.key != (UNATTRIBUTED,)]
    for row in channels:
        people = cohort(plan, row)
        found += [publish("attribution", f"credited_{measure}_{method}", unit, SUPPRESSED if people is None
                          else census(people.needed(measure, within="lookback")), group=row.group)
                  for measure, unit in _UNITS.items() if _offers(plan, row, measure)]
        part = _sales(plan, [row], "lookback")
        share = SUPPRESSED if part is None or everybody is None else portion(part, everybody)
        found.append(publish("attribution", f"credit_share_{method}", "share", share, group=row.group,
                             numerator="credited sales", denominator="sales of all matched people"))
    credited = _sales(plan, channels, "lookback")
    rest = SUPPRESSED if credited is None or everybody is None else census(everybody + credited.scaled(-1))
    return [*found, publish("attribution", f"attributed_sales_{method}", "cents",
                            SUPPRESSED if credited is None else census(credited), group=None),
            publish("attribution", f"unattributed_sales_{method}", "cents", rest, group=None)]


def _offers(plan: Plan, row: Row, measure: Measure) -> bool:
    return any(asked(measure).fits(plan.contract.statistics[index])
               for index in plan.statistics_of(row.group.release))


def _share(plan: Plan, row: Row, rows: tuple[Row, ...]) -> Outcome:
    part, rest = (_sales(plan, [each for each in rows if (each is row) is own]) for own in (True, False))
    return SUPPRESSED if part is None or rest is None else fraction(part, rest, (None, None), 0)


def _attributed(plan: Plan, rows: tuple[Row, ...]) -> Outcome:
    sales = _sales(plan, [row for row in rows if row.group.key != (UNATTRIBUTED,)])
    return SUPPRESSED if sales is None else census(sales)


def _sales(plan: Plan, rows: list[Row], within: str | None = None) -> Noised | None:
    """Sales of some rows together; None when one is suppressed or there is none."""
    known: list[Cohort] = [people for row in rows if (people := cohort(plan, row)) is not None]
    if not rows or len(known) < len(rows):
        return None
    return reduce(Noised.__add__, (people.needed("sales", within=within) for people in known))


ATTRIBUTION = MetricDefinition("attribution", "Attribution to channels", 11, (_PART,), compute, "attribution")
