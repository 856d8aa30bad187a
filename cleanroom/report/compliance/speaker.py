"""One compliance document in one language: how its values are said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from cleanroom.report import wording as measurement_words
from cleanroom.report.compliance.wording import typeset, words
from cleanroom.report.compliance.wording_fr import SOURCES
from cleanroom.report.format import NBSP, Numbers
from cleanroom.report.wording_salted import worded

CERTAIN: Final = 0.9995  # rounding never makes anything certain


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speaks about `document` with the wording and numbers of one language; `common` is the measurement's wording."""

    document: Mapping[str, Any]
    words: Mapping[str, str]
    common: Mapping[str, str]
    fmt: Numbers
    language: str

    @property
    def owner(self) -> str:
        """Name of the company whose report it is."""
        return str(self.document["contract"]["parties"][self.document["run"]["role"]])

    @property
    def peer(self) -> str:
        """Name of the other company."""
        own = self.document["run"]["role"]
        return next(str(name) for role, name in self.document["contract"]["parties"].items() if role != own)

    @property
    def legal(self) -> Mapping[str, Any]:
        """Values of the legal lines by path."""
        return {item["path"]: item["value"] for item in self.document["legal"]}

    def say(self, key: str, **values: object) -> str:
        """A template of the wording, filled."""
        return self.words[key].format(**values)

    def written(self, item: Mapping[str, str]) -> str:
        """A text that the document holds in both languages."""
        return typeset(item["fr"]) if self.language == "fr" else item["en"]

    def source(self, text: str) -> str:
        """The source of a rule, with the names that its readers use."""
        for english, french in SOURCES.items() if self.language == "fr" else ():
            text = re.sub(rf"\b{english}\b", french, text)
        return text

    def number(self, value: float, decimals: int = 0) -> str:
        """A number as its readers write it."""
        return self.fmt.number(value, decimals)

    def plain(self, value: object) -> str:
        """A decimal text or a number for reading; another text as it is."""
        text = str(value)
        return self.fmt.decimal_text(text) if text.replace(".", "", 1).isdigit() else text

    def count(self, number: Mapping[str, int]) -> str:
        """A count, or the range it lies in."""
        low, high = (self.fmt.number(number[end]) for end in ("low", "high"))
        return low if low == high else self.say("range", low=low, high=high)

    def certainty(self, share: float) -> str:
        """A share as a percentage that is never 100 %."""
        return f">{NBSP}{self.fmt.percent(0.999)}" if share >= CERTAIN else self.fmt.percent(share)

    def day(self, text: str) -> str:
        """The day of an ISO date or time."""
        return self.fmt.day(text, self.common["months"])

    def day_before(self, text: str) -> str:
        """The last day of a span whose end is excluded."""
        return self.day((date.fromisoformat(text) - timedelta(days=1)).isoformat())

    def channel(self, name: str) -> str:
        """An advertising channel inside a sentence."""
        return self.common.get(f"k_{name}", name.replace("_", " "))

    def listed(self, names: Sequence[str]) -> str:
        """`a, b and c`."""
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {self.common['and']} {names[-1]}"

    def value(self, path: str) -> str:
        """The value of a legal line in words."""
        value = self.legal[path]
        if isinstance(value, bool):
            return self.words["yes" if value else "no"]
        if isinstance(value, list):
            return ", ".join(self.words.get(f"v_{each}", str(each)) for each in value) or self.words["none"]
        if isinstance(value, int):
            return self.number(value)
        return self.words.get(f"v_{value}", value) or self.words["none"]


def speaker(document: Mapping[str, Any], language: str) -> Speaker:
    """The speaker of a language. UsageError when it is not there."""
    return Speaker(document, worded(words(language), document, language), measurement_words.words(language),
                   measurement_words.NUMBERS[language], language)
