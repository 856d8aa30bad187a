"""From metrics to what must be opened: the smallest set, and whether a contract lacks or exceeds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cleanroom.contract.model import Contract, Metric
from cleanroom.contract.plan import CONTROL, EXPOSED, Plan
from cleanroom.errors import ContractError
from cleanroom.measures.catalogue.base import MetricDefinition, Part, Sum
from cleanroom.measures.columns import least_square_cap, sales_cap

_WHERE = "metrics"


@dataclass(frozen=True, slots=True)
class Opening:
    """One release that metrics need: its dimensions, or credits, and the sums it opens at least."""

    dimensions: tuple[str, ...]
    attribution: bool
    sums: tuple[Sum, ...]


def smallest(definitions: Iterable[MetricDefinition]) -> tuple[Opening, ...]:
    """The fewest releases that serve some metrics: parts with the same dimensions share one."""
    found: dict[tuple[tuple[str, ...], bool], dict[Sum, None]] = {}
    for definition in definitions:
        for part in definition.parts:
            found.setdefault((part.dimensions, part.attribution), {}).update(dict.fromkeys(part.needs))
    return tuple(Opening(*key, tuple(sums)) for key, sums in found.items())


def check_needs(contract: Contract, catalogue: Mapping[Metric, MetricDefinition]) -> None:
    """ContractError when a metric lacks something, or when something is opened that no metric reads."""
    plan = Plan(contract)
    for name in contract.metrics:
        for part in catalogue[name].parts:
            _check_part(plan, name, part)
    _check_superfluous(plan, [part for name in contract.metrics for part in catalogue[name].parts])
    if "lift" in contract.metrics:
        _check_comparison(contract)
    _check_squares(contract)


def _check_part(plan: Plan, name: Metric, part: Part) -> None:
    releases = plan.contract.releases
    if any(part.reads(plan, release) is not None for release in range(len(releases))):
        return
    needs, _ = part.wanted(plan.contract)
    for each in needs:
        if not any(each.fits(statistic) for statistic in plan.contract.statistics):
            plain = [each.filters, each.free] == [(), ()]
            raise ContractError(f"metric {name} needs a statistic of {each}{' without category' if plain else ''}",
                                where=_WHERE, todo=f"add the statistic or drop {name}")
    what = "an attribution release" if part.attribution else " × ".join(part.dimensions) or "any"
    kind = what if part.attribution else f"a release by {what}" if part.dimensions else "a release"
    sums = ", ".join(str(each) for each in needs)
    raise ContractError(f"metric {name} needs {kind}" + (f" that opens {sums}" if sums else ""), where=_WHERE,
                        todo=f"add the release or drop {name}")


def _check_superfluous(plan: Plan, parts: list[Part]) -> None:
    contract = plan.contract
    for index, release in enumerate(contract.releases):
        read = [found for part in parts if (found := part.reads(plan, index)) is not None]
        if not read:
            raise _superfluous(f"releases, {index + 1}", "no metric reads this release")
        for statistic in set(plan.statistics_of(index)).difference(*read):
            name = contract.statistics[statistic].name
            raise _superfluous(f"releases, {index + 1}", f"no metric reads the statistic {name} of this release")
        if release.attribution is not None and not release.statistics:
            raise _superfluous(f"releases, {index + 1}", "it credits nothing")
    opened = {name for release in contract.releases for name in release.statistics}
    for index, each in enumerate(contract.statistics):
        if each.name not in opened:
            raise _superfluous(f"statistics, {index + 1}", f"no release opens {each.name}")
    _check_dimensions(contract)


def _check_dimensions(contract: Contract) -> None:
    """Each dimension multiplies the padding, so one that nothing reads is not free. `arm` places people."""
    methods = {release.attribution for release in contract.releases} - {None}
    names = {dimension.name for dimension in contract.dimensions}
    used = {name for release in contract.releases for name in release.dimensions} | {"arm"}
    used |= {"path"} if methods and "path" in names else {"channels"} if methods else set()
    used |= {"engagement" for each in contract.statistics if each.within is not None}
    used |= {"periods" for each in contract.statistics if each.days is not None}
    if contract.calendar.lookback is not None and all(each.within is None for each in contract.statistics):
        raise _superfluous("calendar.lookback", "no statistic is within it")
    for index, dimension in enumerate(contract.dimensions):
        if dimension.name not in used:
            raise _superfluous(f"dimensions, {index + 1}", f"no release uses {dimension.name}")


def _superfluous(where: str, what: str) -> ContractError:
    return ContractError(f"{what}: more would be opened than the metrics need", where=where,
                         todo="drop it, or list the metric that reads it")


def _check_comparison(contract: Contract) -> None:
    arms = {value for each in contract.dimensions if each.name == "arm" for value in each.values}
    if not {EXPOSED, CONTROL} <= arms:
        raise ContractError(f"metric lift compares the arms {EXPOSED} and {CONTROL}, in a release with arm",
                            where=_WHERE, todo="name both arms and release arm, or drop lift")


def _check_squares(contract: Contract) -> None:
    """A square cut below the square of the largest sale would make every variance too small."""
    for index, statistic in enumerate(contract.statistics):
        cap = sales_cap(contract.statistics, statistic)
        if statistic.measure != "sales_squared" or cap is None:
            continue
        if statistic.cap < least_square_cap(cap):
            raise ContractError("the cap of the squares is below the square of the cap of sales",
                                where=f"statistics, {index + 1}", todo=f"set it to {least_square_cap(cap)}")
