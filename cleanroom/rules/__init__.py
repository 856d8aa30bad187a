"""The compliance rules as data: ids, sources, dates, texts in English and French, in versioned packs.

They are product rules derived from public texts, not legal advice. The code that applies a rule is in the room of
its subject: contract rules in `contract`, row rules in `consent`, the others where the run and the reports are made.
"""

from __future__ import annotations

from typing import Final

from cleanroom.rules import first, report, row, run, terms
from cleanroom.rules.model import Language, Pack, Rule, Severity, Verdict, Where

FIRST: Final = Pack(1, first.EFFECTIVE, first.RULES)
CURRENT: Final = Pack(2, row.EFFECTIVE, (*terms.RULES, *row.RULES, *run.RULES, *report.RULES))
PACKS: Final = {pack.version: pack for pack in (FIRST, CURRENT)}


def rule(rule_id: str) -> Rule:
    """The rule of the current pack with this id. KeyError when there is none."""
    return CURRENT.rule(rule_id)


__all__ = ["CURRENT", "FIRST", "PACKS", "Language", "Pack", "Rule", "Severity", "Verdict", "Where", "rule"]
