"""Reach: how many people both parties know, and which share of each side that is."""

from __future__ import annotations

from cleanroom.contract.model import Role, other
from cleanroom.contract.plan import Group, Plan
from cleanroom.measures.catalogue.base import SUPPRESSED, Context, MetricDefinition, Part, publish, reading
from cleanroom.measures.estimate import Estimate
from cleanroom.measures.noise import Noised, noised
from cleanroom.measures.statistics import census, share
from cleanroom.table import ReleasedTable

_PART = Part()


def compute(plan: Plan, table: ReleasedTable, context: Context) -> list[Estimate]:
    """`matched_people` of each group; `matched_people_total`; `match_rate_advertiser` and `_retailer`.

    Everything is a census of the matched people, so the intervals hold noise only. The total is the release
    without dimensions if there is one (its group), else the sum of the first release with no suppressed group
    (no group). The rate of the own side divides by its exact admitted count (note `noised`); that of the peer
    by its padded size, which is never smaller than the true one, so it is a lower bound (note `lower_bound`).
    """
    found = [publish("reach", "matched_people", "people", SUPPRESSED if row.people is None
                     else census(noised(row.people, plan.people_scale(row.group.release))), group=row.group)
             for row, _ in reading(plan, table, _PART)]
    group, total = _total(plan, table)
    outcome = SUPPRESSED if total is None else census(total)
    found.append(publish("reach", "matched_people_total", "people", outcome, group=group))
    found.append(_match_rate(context.role, total, context.admitted, "admitted people", "noised"))
    if context.peer_padded is not None:
        found.append(_match_rate(other(context.role), total, context.peer_padded, "padded people",
                                 "lower_bound"))
    return found


def _match_rate(role: Role, total: Noised | None, whole: int, denominator: str, note: str) -> Estimate:
    outcome = SUPPRESSED if total is None else share(total, whole)
    return publish("reach", f"match_rate_{role}", "share", outcome, group=None, numerator="matched people",
                   denominator=f"{denominator} of the {role}", note=note)


def _total(plan: Plan, table: ReleasedTable) -> tuple[Group | None, Noised | None]:
    releases = plan.contract.releases
    plain = [index for index in range(len(releases)) if _PART.reads(plan, index) is not None]
    for index in sorted(plain, key=lambda i: (len(releases[i].dimensions) > 0, i)):
        counts = [row.people for row in table.of(index)]
        known = [noised(count, plan.people_scale(index)) for count in counts if count is not None]
        if counts and len(known) == len(counts):
            total = known[0]
            for count in known[1:]:
                total = total + count
            return (None if releases[index].dimensions else Group(index, ())), total
    return None, None


REACH = MetricDefinition("reach", "Reach and match rate", 1, (_PART,), compute, "reach")
