"""What a run costs in privacy, as exact decimals, and whether the contract's budget pays for it.

Privacy unit: one person of the de-duplicated list that enters the protocol, of either side. Neighbouring inputs: that
person is added or removed. De-duplication comes before: it drops a value of two people for both, so one more person in
a party's files can take a key from each of up to K others of the list (SECURITY.md, "Not protected", has an example).

Transcript. A person of the retailer moves the padded row count by one and one match count by one; a person of
the advertiser moves the padded size of one cell. Each is (ε_match, δ_match), so nobody pays more than twice
that. Where the contract merges rare paths or sets of channels, a person of the advertiser also moves one count of each
such dimension by one, at ε_match each.

Release. Noise on each opened total is pure ε. The totals of one group add up to the ε of its release (basic
composition over count and statistics) and releases add up (sequential composition). Groups inside a release
are disjoint, so they do not add up (parallel composition), except that with several key types one person can
displace others: `influence` bounds that, and the ε of every release counts that many times. The rows of an attribution
release are not disjoint, but what one person adds to all of them together is one whole credit: their noise is scaled
by its denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final, Literal

from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.values import MERGED
from cleanroom.disclosure.mechanism import measured_epsilon
from cleanroom.errors import BudgetError, ContractError, MisuseError
from cleanroom.ports import Cap, Ledger

Part = Literal["transcript", "release"]

EPSILON_STEP: Final = Decimal("1e-6")
DELTA_STEP: Final = Decimal("1e-18")
_ROUNDING: Final = 1 + 1e-9  # scales are doubles: ε may differ from the declared one by a few 1e-16


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount of differential privacy. Exact decimals."""

    epsilon: Decimal
    delta: Decimal

    def __add__(self, other: Cost) -> Cost:
        """Basic composition."""
        return Cost(self.epsilon + other.epsilon, self.delta + other.delta)

    def fits(self, budget: Cost) -> bool:
        """Whether neither part exceeds `budget`."""
        return self.epsilon <= budget.epsilon and self.delta <= budget.delta

    @property
    def epsilon_text(self) -> str:
        """ε for signed documents: plain decimal, rounded up at 6 digits."""
        return _plain(self.epsilon, EPSILON_STEP)

    @property
    def delta_text(self) -> str:
        """δ for signed documents: plain decimal, rounded up at 18 digits."""
        return _plain(self.delta, DELTA_STEP)


@dataclass(frozen=True, slots=True)
class RunCost:
    """Cost of one run: `transcript` is charged before the match, `release` before the first share."""

    transcript: Cost
    release: Cost

    @property
    def total(self) -> Cost:
        """Both parts."""
        return self.transcript + self.release


NOTHING: Final = RunCost(Cost(Decimal(0), Decimal(0)), Cost(Decimal(0), Decimal(0)))


def influence(key_types: int) -> int:
    """How many advertiser people's contributions one person of a de-duplicated list can change: 1 + ⌊K / 2⌋.

    With one key type it is 1. With more, a new person p can take partner r away from a person q by a stronger
    key; q may then find a partner by a weaker key, and so on. The two matchings differ in an alternating path
    that starts at the new person and on which the key priority strictly falls (within a de-duplicated list a value
    of one key type belongs to one person), so it has at most K edges. It touches at most 1 + ⌊K / 2⌋ people of the
    advertiser, each in one cell, and moves the contribution of each inside [0, cap].
    """
    return 1 + key_types // 2


def run_cost(plan: Plan) -> RunCost:
    """Privacy cost of one run of the plan; the noise scales are checked against OpenDP's privacy map.

    MisuseError if a scale of the plan gives less privacy than the contract declares.
    """
    match = plan.contract.match
    _check("match", measured_epsilon(float(1 / match.epsilon), 1), match.epsilon)
    paths = influence(len(match.keys))
    declared = [paths * release.epsilon for release in plan.contract.releases]
    for index, epsilon in enumerate(declared):
        _check(f"release {index}", _measured_release(plan, index, paths), epsilon)
    transcript = Cost((2 + merging(plan.contract)) * match.epsilon, 2 * match.delta)
    return RunCost(transcript, Cost(sum(declared, Decimal(0)), Decimal(0)))


def merging(contract: Contract) -> int:
    """Dimensions whose rare values are merged by noised counts; each costs ε_match once (`measures.merging`)."""
    if not contract.disclosure.cells_floor:
        return 0
    return sum(dimension.name in MERGED for dimension in contract.dimensions)


def budget_of(contract: Contract) -> Cost:
    """What all runs of the contract together may spend."""
    return Cost(contract.disclosure.budget_epsilon, contract.disclosure.budget_delta)


def check_budget(contract: Contract) -> None:
    """ContractError, with the numbers, when the budget does not pay for a single run."""
    cost, budget = run_cost(Plan(contract)), budget_of(contract)
    if not cost.total.fits(budget):
        raise ContractError(
            f"one run spends ε {cost.total.epsilon_text} ({cost.transcript.epsilon_text} match, "
            f"{cost.release.epsilon_text} release) and δ {cost.total.delta_text}; the budget is ε "
            f"{budget.epsilon_text}, δ {budget.delta_text}", where="disclosure.budget",
            todo="raise the budget or lower the ε of match and releases")


def charge(ledger: Ledger, plan: Plan, partner: str, run: str, part: Part, caps: Sequence[Cap] = ()) -> Cost:
    """Record one part of a run in the ledger before it is spent, and return it.

    `partner`: the peer's signing key in hex, `run` the run id, `caps` what bounds the run beside the budget.
    BudgetError when the budget or a cap does not allow it; a transcript is not paid for, and so nothing is sent, unless
    the release of the run could be paid for as well. All versions of a contract share the budget.
    """
    costs, contract = run_cost(plan), plan.contract.id
    cost = costs.transcript if part == "transcript" else costs.release
    budget = budget_of(plan.contract)
    if part == "transcript":
        _check_whole_run(spent(ledger, contract), costs.total, budget)
        bounds, ahead = (*contract_caps(plan.contract), *caps), float(costs.release.epsilon)
    else:
        bounds, ahead = tuple(caps), 0.0  # again: another contract's run may have been paid for meanwhile
    ledger.charge(contract, run, part, float(cost.epsilon), float(cost.delta),
                  (float(budget.epsilon), float(budget.delta)), partner=partner, ahead=ahead, caps=bounds)
    return cost


def contract_caps(contract: Contract) -> tuple[Cap, ...]:
    """The contract's own bound on runs in a period, if it has one (X-04)."""
    terms = contract.disclosure
    if terms.runs_per_period is None or terms.period_days is None:
        return ()
    return (Cap("disclosure.runs_per_period", terms.period_days, runs=terms.runs_per_period),)


def spent(ledger: Ledger, contract: str) -> Cost:
    """All that the ledger has recorded for all versions of the contract with this id."""
    epsilon, delta = ledger.spent(contract)
    return Cost(Decimal(repr(epsilon)), Decimal(repr(delta)))


def _check_whole_run(before: Cost, asked: Cost, budget: Cost) -> None:
    if (before + asked).fits(budget):
        return
    had, wants, most = (f"ε {cost.epsilon_text}, δ {cost.delta_text}" for cost in (before, asked, budget))
    raise BudgetError(f"the contract has spent {had}; this run asks for {wants}; the budget is {most}",
                      where="privacy budget", todo="this run is not possible; agree on a new contract")


def _measured_release(plan: Plan, release: int, paths: int) -> float:
    whole = paths * plan.denominator(release)  # credit in all rows together is that of one person
    people = measured_epsilon(plan.people_scale(release), whole)
    return people + sum(measured_epsilon(plan.sum_scale(release, index), whole * plan.contract.statistics[index].cap)
                        for index in plan.statistics_of(release))


def _check(what: str, measured: float, declared: Decimal) -> None:
    if not measured <= float(declared) * _ROUNDING:
        raise MisuseError(f"{what}: the noise gives ε {measured}, more than the declared {declared}")


def _plain(value: Decimal, step: Decimal) -> str:
    text = format(value.quantize(step, rounding=ROUND_CEILING), "f")
    return text.rstrip("0").rstrip(".") or "0"
