"""One document in one language: how names, values, intervals and missing numbers are said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.report import select
from cleanroom.report.format import NBSP, Numbers
from cleanroom.report.select import Document, Result

NOISE_ONLY: Final = "†"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and what stands under it in small print. `muted`: there is no number."""

    text: str
    under: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks about `document` with the wording `words` and the numbers `fmt` of one language."""

    document: Document
    words: Mapping[str, str]
    fmt: Numbers
    language: str = "en"

    @property
    def currency(self) -> str:
        """ISO 4217 code of all amounts."""
        return str(self.document["contract"]["campaign"]["currency"])

    def say(self, key: str, **values: object) -> str:
        """A template of the wording, filled."""
        return self.words[key].format(**values)

    def name(self, text: str) -> str:
        """A machine name as words."""
        known = self.words.get(f"n_{text}")
        return known or self.label(text.replace("_", " ").strip())

    def label(self, text: str) -> str:
        """A value of a dimension, as the contract spells it; only the first letter is made large."""
        return text[:1].upper() + text[1:]

    def arm(self, group: Mapping[str, str] | None) -> str:
        """The arm of a group; everyone when it has none."""
        return self.value_of("arm", (group or {}).get("arm", self.words["all"]))

    def value_of(self, dimension: str, value: str) -> str:
        """A value of a dimension; arms and what exposures say are words of the product, the rest is the contract's."""
        if dimension == "segment":
            return self.label(value)
        if dimension == "frequency" and value[:1].isdigit():
            return self.say("g_frequency", number=value.replace("-", "\u2013"), plural="" if value == "1" else "s")
        mark = {"arm": "a", "channel": "f"}.get(dimension, "g")
        return self.label(self.words.get(f"{mark}_{value}", value.replace("_", " ")))

    def dimension(self, name: str) -> str:
        """The name of a dimension inside a sentence."""
        return self.words.get(f"d_{name}", name)

    def channel(self, name: str) -> str:
        """An advertising channel inside a sentence."""
        return self.words.get(f"k_{name}", name.replace("_", " "))

    def told(self, what: str) -> Sequence[Mapping[str, str]]:
        """The (title, text) items `sends` or `statement` of the run, in this language where it was recorded."""
        translated = self.document.get("translations", {}).get(self.language, {})
        found: Sequence[Mapping[str, str]] = translated.get(what) or self.document["privacy"][what]
        return found

    def rule(self, item: Mapping[str, str]) -> str:
        """The text of a consent rule that refused rows, in this language where it was recorded."""
        translated = self.document.get("translations", {}).get(self.language, {})
        return str(translated.get("refused", {}).get(item["rule"], item["text"]))

    def row(self, result_or_group: Mapping[str, str] | None) -> str:
        """A group without its arm; everyone when nothing else splits it."""
        return self.label(select.stratum(result_or_group) or self.words["all"])

    def stratum(self, result: Result) -> str:
        """The people a comparison is about."""
        return self.words["same_mix"] if select.is_standardised(result) else self.row(result["group"])

    def group(self, group: Mapping[str, str]) -> str:
        """All of a group: `Exposed · Families`."""
        return " · ".join(self.value_of(*item) for item in group.items()) or self.words["all"]

    def rest(self, group: Mapping[str, str], axis: str) -> str:
        """A group without one of its axes; everyone when nothing else splits it."""
        return self.group({name: value for name, value in group.items() if name != axis})

    def touch(self, text: str) -> str:
        """The head of a line: an advertising channel, a sales channel, or what no channel has."""
        return self.label(self.words.get(f"f_{text}") or self.channel(text))

    def detail(self, result: Result) -> str:
        """What a result is restricted to: days of the window, a sales channel, a category or a segment."""
        text = str(result["detail"])
        if result["name"].startswith("recency"):
            return self.days(text)
        return ", ".join(self.words.get(f"f_{part}", part) for part in text.split(", "))

    def days(self, text: str) -> str:
        """`8-14` as days since the last exposure."""
        return self.say("x_days", days=text.replace("-", "\u2013"))

    def statistic(self, terms: Mapping[str, object]) -> str:
        """What a statistic of the contract adds up."""
        measure = self.words[f"v_{terms['measure']}"]
        found = {name: str(terms[name]) for name in select.FILTERS if terms.get(name) is not None}
        named = [self.days(text) if name == "days" else self.words.get(f"f_{text}", text)
                 for name, text in found.items()]
        return f"{measure}{self.words['colon']}{', '.join(named)}" if named else measure

    def unit(self, measure: str) -> str:
        """The unit of a statistic's sum."""
        return self.say(f"u_{measure}", currency=self.currency)

    def total(self, value: float, measure: str) -> str:
        """A released sum in the unit of its measure; money in cents."""
        return self.fmt.money(value, self.currency) if measure in {"sales", "extra_sales"} else self.fmt.number(value)

    def certainty(self, share: float) -> str:
        """A posterior; rounding never makes it certain."""
        return f">{NBSP}{self.fmt.percent(0.999)}" if share >= 0.9995 else self.fmt.percent(share)

    def cell(self, result: Result) -> Cell:
        """A result with its interval under it, or the reason why there is none."""
        if result["value"] is None:
            return self.missing(result)
        mark = f" {NOISE_ONLY}" if result["note"] == "noise_only" else ""
        return Cell(self.value(result, "value"), self.bare_interval(result) + mark)

    def value(self, result: Result, which: str) -> str:
        """One number of a result, in its unit; differences with their sign."""
        unit, number = str(result["unit"]), result[which]
        if select.is_relative(result):
            return ("+" if number > 0 else "") + self.fmt.percent(number)
        if result.get("metric") == "lift" and select.is_signed(result):
            return self.fmt.difference(number, unit, self.currency, self.words["pp"])
        return self.fmt.quantity(number, unit, self.currency)

    def interval(self, result: Result) -> str:
        """`a to b`; empty when a bound is missing."""
        if result["low"] is None or result["high"] is None:
            return ""
        return f"{self.value(result, 'low')} {self.words['to']} {self.value(result, 'high')}"

    def bare_interval(self, result: Result) -> str:
        """`a to b` without units, to stand under a value that carries them."""
        if result["low"] is None or result["high"] is None:
            return ""
        low, high = (self.fmt.bare(result[which], str(result["unit"])) for which in ("low", "high"))
        return f"{low} {self.words['to']} {high}"

    def noise_interval(self, number: Mapping[str, float], measure: str = "") -> str:
        """`a to b` of a released number."""
        low, high = (self.total(number[which], measure) for which in ("low", "high"))
        return f"{low} {self.words['to']} {high}"

    def missing(self, result: Result) -> Cell:
        """Why a result has no number."""
        unsaid = result["suppressed"] or not result["note"]
        text = self.words["suppressed"] if unsaid else self.name(result["note"])
        return Cell(text[:1].lower() + text[1:], muted=True)

    def withheld(self) -> Cell:
        """The cell of a suppressed group."""
        return Cell(self.words["suppressed"], muted=True)
