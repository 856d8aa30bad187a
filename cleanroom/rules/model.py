"""What a rule, a verdict and a pack of rules are."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal

from cleanroom.primitives.canonical import canonical_json

Severity = Literal["refuse", "drop", "warn"]
Where = Literal["contract", "row", "file", "run", "report"]
Language = Literal["en", "fr"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it is printed in reports.

    `effective_from` is the day its source became applicable. `severity`: what breaking it does to the contract,
    person, row, file, run or report that breaks it. `check` names the code that applies it, with its version.
    """

    id: str
    source: str
    effective_from: date
    severity: Severity
    where: Where
    check: str
    english: str
    french: str

    def text(self, language: Language) -> str:
        """The rule in one of the two languages."""
        return self.english if language == "en" else self.french

    def document(self) -> dict[str, str]:
        """JSON-compatible form."""
        return {**asdict(self), "effective_from": self.effective_from.isoformat()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says about one thing. `detail` names a setting or a position, never a value."""

    rule: Rule
    accepted: bool
    detail: str = ""

    def reason(self, language: Language) -> str:
        """The rule's id, its text and the detail, for a person."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.rule.id}: {self.rule.text(language)}{detail}"


@dataclass(frozen=True, slots=True)
class Pack:
    """A version of all rules. Packs are never changed: a new one gets a new version, the old ones stay."""

    version: int
    effective_from: date
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """As runs and reports name it."""
        return f"cleanroom-rules/{self.version}"

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON (RFC 8785) of the pack, 64 hex digits: runs record it."""
        return hashlib.sha256(canonical_json({"pack": self.name, "effective_from": self.effective_from.isoformat(),
                                              "rules": [rule.document() for rule in self.rules]})).hexdigest()

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id. KeyError when the pack has none."""
        return {rule.id: rule for rule in self.rules}[rule_id]
