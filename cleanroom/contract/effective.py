"""The contract as it is run: every value the strictest of the text and both parties' policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cleanroom.contract.model import Contract, Metric, Role, Statistic
from cleanroom.contract.policy import Policy
from cleanroom.errors import ContractError
from cleanroom.rules import Language

ROLES: Final[tuple[Role, Role]] = ("advertiser", "retailer")
# Field of the policy, part of the contract that has it, whether more is stricter.
_NUMBERS: Final = (("threshold", "disclosure", True), ("budget_epsilon", "disclosure", False),
                   ("dominance_percent", "disclosure", False), ("lookback_days", "consent", False))
_WORDS: Final[dict[Language, str]] = {
    "en": "{setting} is {value} by the policy of the {role}, in place of {before}",
    "fr": "{setting} vaut {value} selon la politique {role}, au lieu de {before}"}
_OF: Final[dict[Role, str]] = {"advertiser": "de l'annonceur", "retailer": "du distributeur"}


@dataclass(frozen=True, slots=True)
class Stricter:
    """A policy that won: which setting, its new value, what the contract or the other policy said, and whose it is."""

    setting: str
    value: str
    before: str
    role: Role

    def text(self, language: Language = "en") -> str:
        """One sentence for the party that lost."""
        role = self.role if language == "en" else _OF[self.role]
        return _WORDS[language].format(setting=self.setting, value=self.value, before=self.before, role=role)


def effective(contract: Contract) -> tuple[Contract, tuple[Stricter, ...]]:
    """The contract with the strictest values, and which policies changed it. Its hash is no longer that of the text.

    ContractError when a policy leaves no metric or no statistic.
    """
    changes: list[Stricter] = []
    for role in ROLES:
        policy = contract.party(role).policy
        if policy is not None:
            contract, found = restrict(contract, role, policy)
            changes += found
    return contract, tuple(changes)


def restrict(contract: Contract, role: Role, policy: Policy) -> tuple[Contract, tuple[Stricter, ...]]:
    """One party's policy applied. ContractError as `effective`."""
    changes: list[Stricter] = []
    for setting, part, value, before in _stricter_numbers(contract, policy):
        section = getattr(contract, part).model_copy(update={setting: value})
        contract = contract.model_copy(update={part: section})
        changes.append(Stricter(f"{part}.{setting}", f"{value}", f"{before}", role))
    for part, kept in _shorter_lists(contract, policy):
        if not kept:
            raise ContractError(f"{part}: the policy of the {role} allows none of them",
                                todo="agree on other terms, or on a wider policy")
        changes.append(Stricter(part, _names(kept), _names(getattr(contract, part)), role))
        contract = _opening_only(contract.model_copy(update={part: kept}))
    return contract, tuple(changes)


def check_policy(contract: Contract, role: Role, policy: Policy | None) -> None:
    """The policy that stands in party.toml today is honoured by the signed text. ContractError names what is not."""
    if policy is None:
        return
    _, changes = restrict(effective(contract)[0], role, policy)
    if changes:
        raise ContractError(f"party.toml has a stricter policy than the contract carries: {changes[0].text()}", where=(
            f"policy.{changes[0].setting.rpartition('.')[2]}"), todo="make a new card (`cleanroom contract card`) and "
            "agree on a new version with it")


def _stricter_numbers(contract: Contract, policy: Policy) -> Iterator[tuple[str, str, int | Decimal, int | Decimal]]:
    for setting, part, more in _NUMBERS:
        value, before = getattr(policy, setting), getattr(getattr(contract, part), setting)
        if value is not None and (value > before if more else value < before):
            yield setting, part, value, before


def _shorter_lists(contract: Contract, policy: Policy) -> Iterator[tuple[str, tuple[Metric | Statistic, ...]]]:
    if policy.metrics is not None and set(contract.metrics) - set(policy.metrics):
        yield "metrics", tuple(metric for metric in contract.metrics if metric in policy.metrics)
    if policy.categories is not None:
        allowed = (None, *policy.categories)  # totals over everything are no category
        kept = tuple(each for each in contract.statistics if each.category in allowed)
        if len(kept) < len(contract.statistics):
            yield "statistics", kept


def _opening_only(contract: Contract) -> Contract:
    """Releases open the statistics that are left."""
    left = {each.name for each in contract.statistics}
    releases = tuple(each.model_copy(update={"statistics": tuple(name for name in each.statistics if name in left)})
                     for each in contract.releases)
    return contract.model_copy(update={"releases": releases})


def _names(items: tuple[Metric | Statistic, ...]) -> str:
    return ", ".join(item.name if isinstance(item, Statistic) else item for item in items)
