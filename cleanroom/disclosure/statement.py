"""The privacy statement of a run (COMPLIANCE P-04) as data: every fact a reader needs to judge the ε."""

from __future__ import annotations

import math
from decimal import Decimal
from importlib.metadata import version

from cleanroom.contract.plan import Plan
from cleanroom.disclosure.accounting import Cost, RunCost, budget_of, influence, merging, run_cost
from cleanroom.disclosure.fact import Fact
from cleanroom.disclosure.padding import padding_terms
from cleanroom.disclosure.statement_salted import in_mode


def privacy_statement(plan: Plan, cumulative: Cost, own: RunCost | None = None) -> tuple[Fact, ...]:
    """All facts about one run. `cumulative`: what the contract has spent so far, this run included.

    `own`: what this run spent, where that is not what one of the plan costs (it repeated an earlier table).
    """
    facts = (*_guarantee(plan), *_mechanism(plan), *_spending(plan, cumulative, own), *_limits(plan))
    return in_mode(plan, facts, "en")


def posterior_text(epsilon: Decimal) -> str:
    """Highest belief after the release for a 50 % belief before it, e^ε / (1 + e^ε), as in `73.1 %`, never `100 %`."""
    share = 100 / (1 + math.exp(-float(epsilon)))
    return f"{share:.1f} %" if share < 99.95 else "more than 99.9 %"


def _guarantee(plan: Plan) -> tuple[Fact, ...]:
    caps = "; ".join(f"{s.name} 0 to {s.cap}" for s in plan.contract.statistics)
    return (
        Fact("unit", "Privacy unit",
             "one person of the de-duplicated list that enters the protocol: cards or addresses that a party has "
             "not linked count as several people"),
        Fact("neighbours", "Neighbouring data",
             f"one person more or less in the de-duplicated list of either party{_shared_keys(plan)}"),
        Fact("caps", "Contribution of one person",
             f"one cell per person; each value is clipped before "
             f"{'addition' if plan.salted else 'encryption'}: {caps}"),
        Fact("trust", "Who adds noise",
             "each party adds noise of full scale to its own share, so each is protected from the other "
             "by noise the other does not know; nobody sees a total without noise. This holds for parties "
             "that run the agreed software"),
    )


def _mechanism(plan: Plan) -> tuple[Fact, ...]:
    terms, match = padding_terms(plan), plan.contract.match
    scales = "; ".join(_scales(plan, index) for index in range(len(plan.contract.releases)))
    return (
        Fact("mechanism", "Mechanism",
             "discrete Laplace on every opened total, once per party; sampler and privacy map: OpenDP "
             f"{version('opendp')}, make_laplace over 64-bit integers"),
        Fact("scales", "Noise scales", scales),
        Fact("padding", "Padding",
             f"sizes and match counts carry 0 to {terms.most} dummies, a discrete Laplace of scale "
             f"1/{match.epsilon} truncated to that range: ε {match.epsilon} and δ {match.delta} for each"
             f"{_merging(plan)}"),
        Fact("threshold", "Threshold",
             f"groups with a noised count under {plan.contract.disclosure.threshold} are suppressed; a "
             "suppressed group is not an empty one. Both parties see its noised count and none of its sums"),
    )


def _spending(plan: Plan, cumulative: Cost, own: RunCost | None) -> tuple[Fact, ...]:
    cost, budget = own or run_cost(plan), budget_of(plan.contract)
    return (
        Fact("run", "Spent by this run",
             f"ε {cost.total.epsilon_text} (match {cost.transcript.epsilon_text}, release "
             f"{cost.release.epsilon_text}), δ {cost.total.delta_text}"),
        Fact("cumulative", "Spent by all runs of this contract",
             f"ε {cumulative.epsilon_text} of {budget.epsilon_text}, δ {cumulative.delta_text} of "
             f"{budget.delta_text}. Nothing resets it; a new contract signed by both parties opens a new "
             "budget, and for people in both the spending of the two adds up"),
        Fact("composition", "Composition",
             "basic: match and release add up, releases add up, count and sums of a group add up; "
             f"disjoint groups of one release do not{_displacement(plan)}"),
        Fact("posterior", "In plain words",
             "someone who gave even odds that a person took part may rise to at most "
             f"{posterior_text(cost.total.epsilon)} by this run and {posterior_text(cumulative.epsilon)} "
             f"by all runs{'; this is not strong protection' if cumulative.epsilon >= 5 else ''}"),
        Fact("delta", "Meaning of δ",
             f"that bound may fail with a probability of at most about {cumulative.delta_text}; the "
             "released numbers themselves need no δ"),
    )


def _limits(plan: Plan) -> tuple[Fact, ...]:
    conflicts = "" if len(plan.contract.match.keys) == 1 else (
        "; how many people of the retailer match two people of the advertiser by different keys")
    return (
        Fact("unprotected", "Not protected",
             "that a run took place, was refused or ended, and how long it took; how many rows each "
             f"party's own checks refused; what the owner of a record already knows{conflicts}"),
        Fact("regulator", "Standing",
             "no regulator's text accepts a given ε; the choice is the parties' and must be validated by "
             "their data protection officers"),
    )


def _merging(plan: Plan) -> str:
    times = merging(plan.contract)
    return "" if not times else (
        f"; which rare paths or sets of channels are merged follows from noised counts: {times} × "
        f"ε {plan.contract.match.epsilon}")


def _shared_keys(plan: Plan) -> str:
    types = len(plan.contract.match.keys)
    return "" if types == 1 else (
        "; a person added to a party's files before de-duplication can also take a key from each of up to "
        f"{types} others, which this does not count")


def _displacement(plan: Plan) -> str:
    times = influence(len(plan.contract.match.keys))
    return "" if times == 1 else (
        f"; the release counts {times} times, because with several key types one person can displace the "
        "match of another")


def _scales(plan: Plan, release: int) -> str:
    terms = plan.contract.releases[release]
    name = " × ".join(terms.dimensions) or "everybody"
    name = name if terms.attribution is None else f"credit by {terms.attribution}"
    return f"{name}: " + ", ".join(f"{of or 'people'} {scale}" for of, scale in noise_scales(plan, release))


def noise_scales(plan: Plan, release: int) -> list[tuple[str, str]]:
    """Scale of each side's noise on each number of a release, in its unit: the people (no name) and each statistic."""
    units = plan.denominator(release)
    scales = [("", plan.people_scale(release)), *((plan.contract.statistics[index].name, plan.sum_scale(release, index))
                                                  for index in plan.statistics_of(release))]
    return [(of, f"{scale / units:.6g}" if scale / units < 1e5 else f"{scale / units:.0f}") for of, scale in scales]
