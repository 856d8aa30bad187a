"""Rules of the two-stage opening for one side, without messages.

1. Each side adds its own noise to its shares (`people_noise`, `noised_shares`) and commits to them.
2. Stage one opens the person count of every group (`combine`); `surviving` compares it with the threshold.
3. Only then are shares of other sums made ready, and only for surviving groups: the shares of a suppressed
   group's sums are never committed or sent, by either side.
4. `build_table` puts the opened numbers in place.

Order of shares: stage one by `plan.groups`; stage two by surviving group, then by statistic of
its release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.dominance import check_dominance
from cleanroom.disclosure.shares import MODULUS, check_own, check_peer
from cleanroom.disclosure.threshold import check_threshold
from cleanroom.errors import ContractError, MisuseError, PeerViolationError
from cleanroom.ports import Noise
from cleanroom.table import ReleasedTable, Row

_TAIL: Final = 40  # one draw exceeds 40 scales with probability below exp(-40) ≈ 4e-18


def check_range(plan: Plan) -> None:
    """ContractError when the noise of both sides could wrap a total round modulo t, open an empty group, or hide less
    of a dominant person than rule P-02 asks."""
    check_threshold(plan)
    check_dominance(plan)
    match = plan.contract.match
    people = min(match.max_people_advertiser, match.max_people_retailer)
    for release in range(len(plan.contract.releases)):
        most = people * plan.denominator(release)
        _check_fits("the person count", release, most, plan.people_scale(release), MODULUS // 4)
        for index in plan.statistics_of(release):
            statistic = plan.contract.statistics[index]
            _check_fits(statistic.name, release, most * statistic.cap, plan.sum_scale(release, index), MODULUS // 2)


def people_noise(plan: Plan, noise: Noise) -> list[int]:
    """This side's noise on the person counts, in stage-one order."""
    sizes = _survivors_by_release(plan, [True] * len(plan.groups))
    return [x for release, size in enumerate(sizes) for x in noise.laplace(plan.people_scale(release), size)]


def sum_noise(plan: Plan, survivors: Sequence[bool], noise: Noise) -> list[int]:
    """This side's noise on the sums of surviving groups, in stage-two order."""
    drawn: list[int] = []
    for release, size in enumerate(_survivors_by_release(plan, survivors)):
        columns = [noise.laplace(plan.sum_scale(release, index), size) for index in plan.statistics_of(release)]
        drawn += [x for row in zip(*columns, strict=True) for x in row]
    return drawn


def noised_shares(shares: Sequence[int], noise: Sequence[int]) -> list[int]:
    """share + noise modulo t, element by element. MisuseError on a wrong length or a share outside [0, t)."""
    check_own(shares)
    _same_length(shares, noise)
    return [(share + extra) % MODULUS for share, extra in zip(shares, noise, strict=True)]


def combine(own: Sequence[int], peer: Sequence[int]) -> list[int]:
    """The opened totals, centred into (-t/2, t/2]. PeerViolationError on shares out of bounds."""
    check_own(own)
    check_peer(peer, len(own))
    return [_centred(mine + theirs) for mine, theirs in zip(own, peer, strict=True)]


def most_people(plan: Plan, cells: Sequence[int], rows: int) -> list[int]:
    """The most that each group can count, by the declared sizes: the advertiser's `cells`, the retailer's `rows`."""
    return [min(sum(weight * cells[cell] for cell, weight in plan.weights_of(group).items()),
                rows * plan.denominator(group.release)) for group in plan.groups]


def check_people(plan: Plan, most: Sequence[int], people: Sequence[int]) -> None:
    """PeerViolationError unless each opened count is one that the declared sizes and the noise of both sides allow."""
    for position, (group, bound, count) in enumerate(zip(plan.groups, most, people, strict=True)):
        tail = 2 * _TAIL * plan.people_scale(group.release)
        if not -tail <= count <= bound + tail:
            raise PeerViolationError("an opened count is far outside what the declared sizes allow",
                                     where=f"group {position}")


def surviving(plan: Plan, people: Sequence[int]) -> list[bool]:
    """For each group whether its opened count reaches the contract's threshold, a row of credit in whole people."""
    _same_length(plan.groups, people)
    least = plan.contract.disclosure.threshold
    return [count >= least * plan.denominator(group.release)
            for group, count in zip(plan.groups, people, strict=True)]


def build_table(plan: Plan, people: Sequence[int], survivors: Sequence[bool],
                sums: Sequence[int]) -> ReleasedTable:
    """The released table from the opened counts (stage one) and sums (stage two).

    Suppressed groups carry no number, although both sides saw their noised count. MisuseError: wrong lengths.
    """
    _same_length(plan.groups, people)
    _same_length(plan.groups, survivors)
    widths = [(plan.width(group) - 1) * alive for group, alive in zip(plan.groups, survivors, strict=True)]
    if len(sums) != sum(widths):
        raise MisuseError("the opened sums do not fit the surviving groups")
    rows: list[Row] = []
    taken = 0
    for group, count, alive, width in zip(plan.groups, people, survivors, widths, strict=True):
        rows.append(Row(group, count, tuple(sums[taken:taken + width])) if alive else Row(group, None, None))
        taken += width
    return ReleasedTable(tuple(rows))


def _survivors_by_release(plan: Plan, survivors: Sequence[bool]) -> list[int]:
    _same_length(plan.groups, survivors)
    sizes = [0] * len(plan.contract.releases)
    for group, alive in zip(plan.groups, survivors, strict=True):
        sizes[group.release] += alive
    return sizes


def _check_fits(what: str, release: int, total: int, scale: float, most: int) -> None:
    if total + 2 * _TAIL * scale >= most:
        raise ContractError(
            f"{what} of release {release} may reach {total} and its noise {2 * _TAIL * scale:.3g}; "
            f"the largest number that can be opened is {most}",
            todo="lower the cap or the declared people, or raise the weight or ε")


def _centred(value: int) -> int:
    value %= MODULUS
    return value - MODULUS if value > MODULUS // 2 else value


def _same_length(left: Sequence[object], right: Sequence[object]) -> None:
    if len(left) != len(right):
        raise MisuseError(f"lists of {len(left)} and {len(right)} entries do not belong together")
