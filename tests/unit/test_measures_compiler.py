"""What metrics need, and contracts that lack it or open more."""

from __future__ import annotations

import pytest
from measures_kit import plan_of

from cleanroom.contract.model import Contract
from cleanroom.errors import ContractError
from cleanroom.measures.catalogue import CATALOGUE, check_metrics, smallest
from cleanroom.measures.catalogue.base import Sum

VALUES = {"engagement": ["click", "view", "none"], "frequency": ["1", "2+", "none"],
          "path": ["email", "display", "none"]}
FULL = ("reach", "conversion", "sales", "lift")


def made(metrics, *, drop: Sum | None = None, more: tuple[dict, ...] = ()) -> Contract:
    """The contract that opens exactly what metrics need, less one sum, and more releases."""
    openings = smallest(CATALOGUE[name] for name in metrics)
    sums = dict.fromkeys(each for opening in openings for each in opening.sums if each != drop)
    names = {each: f"s{index}" for index, each in enumerate(sums)}
    used = {name for opening in openings for name in opening.dimensions} - {"arm"}
    used |= {"path"} if any(opening.attribution for opening in openings) else set()
    base = plan_of(releases=((),)).contract.model_dump(mode="json")
    base["campaign"]["categories"] = ["dairy"]
    releases = [{"dimensions": list(opening.dimensions), "statistics": [names[s] for s in opening.sums if s in names],
                 "epsilon": "1", "people_weight": 1, **({"attribution": "first"} if opening.attribution else {})}
                for opening in openings]
    return Contract.model_validate({
        **base, "metrics": list(metrics), "releases": [*releases, *more],
        "statistics": [{"name": name, "measure": each.measure, **dict(each.filters), "weight": 1,
                        "cap": 10**8 if each.measure == "sales_squared" else 10**6} for each, name in names.items()],
        "dimensions": [{"name": "arm", "values": ["exposed", "control"]},
                       *({"name": name, "values": VALUES[name]} for name in sorted(used))]})


@pytest.mark.parametrize("metric", [name for name in CATALOGUE if name != "coverage"])
def test_the_smallest_contract_of_each_metric_is_enough(metric):
    check_metrics(made([metric]))


def test_parts_with_the_same_dimensions_share_a_release():
    assert len(smallest(CATALOGUE[name] for name in ("ropo", "vopo"))) == 1
    assert len(smallest(CATALOGUE[name] for name in ("conversion", "sales", "halo", "lift"))) == 2


@pytest.mark.parametrize(("metric", "missing"), [
    (name, each) for name, definition in CATALOGUE.items() for part in definition.parts for each in part.needs])
def test_each_need_is_named_when_it_is_missing(metric, missing):
    with pytest.raises(ContractError, match=f"metric {metric} needs a statistic of {missing}"):
        check_metrics(made([metric], drop=missing))


def test_a_release_that_nobody_reads_is_named():
    extra = {"dimensions": ["arm"], "statistics": [], "epsilon": "1", "people_weight": 1}
    with pytest.raises(ContractError, match="releases, 2: no metric reads this release"):
        check_metrics(made(["halo"], more=(extra,)))


def test_a_statistic_that_nobody_reads_is_named():
    contract = made(["visits"])
    more = contract.statistics[0].model_copy(update={"name": "units", "measure": "units"})
    release = contract.releases[0].model_copy(update={"statistics": (*contract.releases[0].statistics, "units")})
    greedy = contract.model_copy(update={"statistics": (*contract.statistics, more), "releases": (release,)})
    with pytest.raises(ContractError, match="no metric reads the statistic units"):
        check_metrics(greedy)
    unopened = contract.model_copy(update={"statistics": (*contract.statistics, more)})
    with pytest.raises(ContractError, match="no release opens units"):
        check_metrics(unopened)


def test_a_dimension_that_nobody_reads_is_named():
    contract = made(["visits"])
    dimension = made(["frequency"]).dimensions[1]
    with pytest.raises(ContractError, match="dimensions, 2: no release uses frequency"):
        check_metrics(contract.model_copy(update={"dimensions": (*contract.dimensions, dimension)}))


def test_a_campaign_without_control_cannot_have_lift():
    contract = made(["lift"])
    arm = contract.dimensions[0].model_copy(update={"values": ("exposed",)})
    with pytest.raises(ContractError, match="compares the arms exposed and control"):
        check_metrics(contract.model_copy(update={"dimensions": (arm,)}))
