"""What changed between two contracts, in words of two languages, and which changes protect people less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from cleanroom.contract.legal_lines import LINES
from cleanroom.contract.model import Contract
from cleanroom.contract.protocols import PROTOCOLS
from cleanroom.rules import Language

# Settings of which more (True) or less (False) protects people better.
_BETTER: Final[Mapping[str, bool]] = MappingProxyType({
    "disclosure.threshold": True, "disclosure.dominance_percent": False, "disclosure.budget_epsilon": False,
    "disclosure.budget_delta": False, "disclosure.runs_per_period": False, "disclosure.period_days": True,
    "match.protocol": False, "match.epsilon": False, "match.delta": False, "consent.lookback_days": False,
    "consent.minimum_age": True, "consent.inactive_days": False, "legal.retention.data_days": False,
    "legal.retention.intermediates_hours": False, "legal.retention.outputs_days": False,
    "legal.proof.delay_days": False, "releases.epsilon": False})
_NAMED: Final = {"name", "id", "role", "party"}  # what tells the items of a list apart
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType({
    "en": {"changed": "{what} changes from {old} to {new}{mark}", "added": "{what} is new: {new}",
           "removed": "{what} is removed; it was {old}", "less": " — protects people less", "more":
           " — protects people more", "none": "nothing", "yes": "yes", "no": "no"},
    "fr": {"changed": "{what} passe de {old} à {new}{mark}", "added": "{what} est nouveau : {new}",
           "removed": "{what} est supprimé ; c'était {old}", "less": " — protège moins les personnes", "more":
           " — protège davantage les personnes", "none": "rien", "yes": "oui", "no": "non"}})
_LABELS: Final = MappingProxyType({
    **{f"legal.{line.path}": (line.english, line.french) for line in LINES},
    "legal.pseudonymous_transfer.acknowledgement": ("Pseudonymous transfer: what both sides acknowledge",
                                                    "Transfert pseudonyme : ce que les deux parties reconnaissent"),
    "legal.pseudonymous_transfer.dpia_ref": ("Pseudonymous transfer: its impact assessment",
                                             "Transfert pseudonyme : son analyse d'impact")})


@dataclass(frozen=True, slots=True)
class Change:
    """One setting; None where a contract does not have it."""

    setting: str
    old: Any
    new: Any

    @property
    def protects_less(self) -> bool | None:
        """Whether people are protected less (True) or more (False) than before; None where that is not said."""
        better = _BETTER.get(re.sub(r"\[.*\]", "", self.setting))
        if better is None or self.old is None or self.new is None:
            return None
        if self.setting == "match.protocol" and not {self.old, self.new} <= set(PROTOCOLS):
            return None
        return (_amount(self.new) < _amount(self.old)) == better

    def text(self, language: Language) -> str:
        """One sentence."""
        words = _WORDS[language]
        labels = _LABELS.get(self.setting)
        what = f"{labels[language == 'fr']} ({self.setting})" if labels else self.setting
        kind = "added" if self.old is None else "removed" if self.new is None else "changed"
        mark = {None: "", True: words["less"], False: words["more"]}[self.protects_less]
        return words[kind].format(what=what, old=_show(self.old, words), new=_show(self.new, words), mark=mark)


def differences(old: Contract, new: Contract) -> tuple[Change, ...]:
    """All settings that differ, signatures aside, in the order of the old contract, then what is new."""
    before, after = (dict(_flat("", each.model_dump(mode="json", exclude={"signatures"}, exclude_none=True)))
                     for each in (old, new))
    settings = [*before, *(setting for setting in after if setting not in before)]
    return tuple(Change(setting, before.get(setting), after.get(setting)) for setting in settings
                 if before.get(setting) != after.get(setting))


def _amount(value: Any) -> Decimal:
    """Of a protocol its place among them: the one that protects best comes first."""
    return Decimal(PROTOCOLS.index(value) if value in PROTOCOLS else str(value))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _flat(f"{path}[{_name(item, index)}]", item)
    else:
        yield path, value


def _name(item: dict[str, Any], index: int) -> str:
    found = [str(item[key]) for key in item if key in _NAMED]
    return " ".join(found) or (" × ".join(item["dimensions"]) if item.get("dimensions") else str(index + 1))


def _show(value: Any, words: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or words["none"]
    return words["none"] if value in ("", None) else str(value)
