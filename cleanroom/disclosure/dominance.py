"""P-02: the noise of an amount must cover the part that one dominant person could have in it.

Nobody sees the largest value in an encrypted sum, so dominance cannot be measured as in a plain table. It is assumed:
one person may make up the whole amount, up to the cap. INSEE's rule then wants that a reader cannot tell that person's
part to within 100 % less the dominance percentage. See docs/adr/0016-dominance-and-secondary-suppression.md.
"""

from __future__ import annotations

import math
from typing import Final

from cleanroom.contract.model import Measure
from cleanroom.contract.plan import Plan
from cleanroom.contract.rules import in_both_languages
from cleanroom.errors import ContractError
from cleanroom.rules import Verdict, rule

AMOUNTS: Final[tuple[Measure, ...]] = ("sales", "extra_sales")  # in money
_HALF_WIDTH: Final = math.log(20)  # 95 % of Laplace noise, in scales; the other party takes off its own noise


def check_dominance(plan: Plan) -> None:
    """Refuse, with the numbers, a contract under which one party's noise on an amount covers less. ContractError."""
    rest = (100 - plan.contract.disclosure.dominance_percent) / 100
    for release in range(len(plan.contract.releases)):
        for index in plan.statistics_of(release):
            statistic = plan.contract.statistics[index]
            covered = _HALF_WIDTH * plan.sum_scale(release, index) / (statistic.cap * plan.denominator(release))
            if statistic.measure in AMOUNTS and covered < rest:
                detail = f"releases.{release}, {statistic.name}: {covered:.3g} × cap < {rest:g} × cap"
                raise ContractError(in_both_languages(Verdict(rule("P-02"), accepted=False, detail=detail)),
                                    where="disclosure.dominance_percent",
                                    todo="lower the ε of the release or the statistic's weight in it")
