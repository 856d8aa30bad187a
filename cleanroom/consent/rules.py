"""The functions of the row rules, by the `check` that a pack of `cleanroom.rules` names.

A person is counted at the first rule that refuses, in the order of `ORDER`: an unreadable record first, because no
other rule can trust it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cleanroom.consent.subjects import Subjects
from cleanroom.consent.texts import Mask
from cleanroom.contract.model import Contract
from cleanroom.contract.plan import Plan
from cleanroom.contract.windows import window_of
from cleanroom.rules import Pack, Rule

ORDER: Final = ("R-15", "R-01", "R-05", "R-02", "R-06", "R-03", "R-04", "R-07", "R-12", "R-09", "R-10", "R-14")
SHARED: Final = "standing/2"  # the check under which people who share a key share the strictest answer

_standing: Final[Callable[[Subjects], Mask]] = lambda people: ~people.given | ~people.live  # noqa: E731

# True where the person may not take part.
REFUSES: Final[Mapping[str, Callable[[Subjects], Mask]]] = MappingProxyType({
    "readable/1": lambda people: ~people.recorded | ~people.readable | people.unknown,
    "readable/2": lambda people: ~people.recorded | ~people.complete | people.unknown,
    "given/1": lambda people: ~people.ever_given | (people.given & ~people.on_consent),
    "standing/1": _standing,
    "standing/2": _standing,
    "partner/1": lambda people: ~people.partner_named,
    "suppressed/1": lambda people: people.suppressed | people.objected,
    "proof/1": lambda people: ~people.details.proven,
    "notice/1": lambda people: ~people.details.informed,
    "age/1": lambda people: ~people.details.of_age,
    "active/1": lambda people: ~people.active,
    "tcf/1": lambda people: ~people.details.tcf_permits,
    "tcf_age/1": lambda people: ~people.details.tcf_fresh,
    "location/1": lambda people: ~people.details.located,
})
WARNS: Final[Mapping[str, Callable[[Subjects], Mask]]] = MappingProxyType({
    "tcf_age/1": lambda people: people.details.tcf_ageing,
})


def person_rules(pack: Pack) -> tuple[Rule, ...]:
    """The rules of a pack that refuse people, in the order in which they are applied."""
    rules = {rule.id: rule for rule in pack.rules if rule.check in REFUSES}
    return tuple(rules[name] for name in ORDER if name in rules)


def first_refusal(people: Subjects, rules: tuple[Rule, ...]) -> NDArray[np.intp]:
    """Index into `rules` of the first one that refuses each person, -1 for those who may take part."""
    verdict = np.full(len(people), -1, dtype=np.intp)
    for index, rule in enumerate(rules):
        verdict[(verdict < 0) & REFUSES[rule.check](people)] = index
    return verdict


def lookback(contract: Contract) -> tuple[date, date]:
    """First day (inclusive) and last day (exclusive) of R-11; the last one ends the last purchase window."""
    _, until = window_of(contract.calendar, Plan(contract).periods - 1)
    return until - timedelta(days=contract.consent.lookback_days), until


def outside_lookback(frame: pd.DataFrame, contract: Contract) -> Mask:
    """R-11, by row: a day (datetime64, midnight, contract time zone) outside the look-back."""
    first, until = lookback(contract)
    return ~np.asarray((frame["day"] >= pd.Timestamp(first)) & (frame["day"] < pd.Timestamp(until)), dtype=bool)


def sensitive(frame: pd.DataFrame, contract: Contract) -> Mask:
    """R-08, by row: a purchase of a denied category."""
    codes, distinct = pd.factorize(frame["category"])
    denied = [contract.consent.denied_categories.denies(str(text)) for text in distinct]
    return np.array([*denied, True], dtype=bool)[codes]


# By check: the tables it looks at, and where a row is dropped.
DROPS: Final[Mapping[str, tuple[frozenset[str], Callable[[pd.DataFrame, Contract], Mask]]]] = MappingProxyType({
    "sensitive/1": (frozenset({"purchases"}), sensitive),
    "lookback/1": (frozenset({"exposures", "purchases", "visits"}), outside_lookback),
})
