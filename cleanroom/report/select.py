"""Questions put to a measurement document: which results belong together, and which one leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Result = Mapping[str, Any]
Document = Mapping[str, Any]

RATES: Final = ("share", "cents_per_person", "cents_per_basket", "per_person")
GROUPED: Final = ("reach", "conversion", "sales")
TABLED: Final = ("ropo", "vopo", "offline_share", "omnichannel", "click_collect", "frequency", "new_to_brand", "visits",
                 "halo", "coverage")  # metrics with a table of their own
FILTERS: Final = ("sales_channel", "category", "scope", "days", "within", "member_segment", "customers")
METHODS: Final = ("first", "last", "linear", "position", "time_decay")
LEADING: Final = ("sales_per_person_difference", "conversion_difference")
STANDARDISED: Final = "_standardised"


def stratum(group: Mapping[str, str] | None) -> str:
    """The group without its arm, `Families`; empty when nothing else splits it."""
    return " · ".join(value for name, value in (group or {}).items() if name != "arm")


def levels(document: Document) -> list[Result]:
    """Rates that describe one released group, in document order."""
    return [result for result in document["results"] if result["metric"] in GROUPED and result["unit"] in RATES
            and result["group"] is not None and result["against"] is None and not result["detail"]]


def of_metric(document: Document, metric: str) -> list[Result]:
    """All results of a metric, in document order."""
    return [result for result in document["results"] if result["metric"] == metric]


def comparisons(document: Document) -> list[Result]:
    """Exposed against control: over everyone, then at the same mix of strata, then in each stratum."""
    found = [result for result in document["results"] if result["metric"] == "lift"]
    return sorted(found, key=lambda result: (bool(stratum(result["group"])), is_standardised(result)))


def is_standardised(result: Result) -> bool:
    """Whether the control was weighted to the mix of strata of the exposed."""
    return str(result["name"]).endswith(STANDARDISED)


def base_name(result: Result) -> str:
    """The name without the mark of standardisation: what was compared."""
    return str(result["name"]).removesuffix(STANDARDISED)


def is_signed(result: Result) -> bool:
    """Whether a value is a difference, to be read with its sign; a return on cost and a cost are not."""
    return result["metric"] == "lift" and "roas" not in result["name"] and not result["name"].startswith("cost_")


def is_relative(result: Result) -> bool:
    """Whether a ratio is a change, read as a percentage."""
    return result["unit"] == "ratio" and "relative" in result["name"]


def compared_arms(document: Document) -> tuple[str, str]:
    """(exposed, control) as the comparisons name them; else the first two arms of the contract."""
    for result in comparisons(document):
        pair = tuple((result[side] or {}).get("arm") for side in ("group", "against"))
        if all(pair):
            return str(pair[0]), str(pair[1])
    arms = [*document["contract"]["dimensions"]["arm"], "", ""]
    return arms[0], arms[1]


def headlines(document: Document) -> list[Result]:
    """The comparison of sales per person, then of conversion, over everyone: those that have a value.

    Arms that were not drawn at random are compared at the same mix of strata when that is known.
    """
    overall = [result for result in comparisons(document)
               if result["value"] is not None and not stratum(result["group"])]
    if document["effect"] == "association":
        overall.sort(key=is_standardised, reverse=True)
    found = (next((result for result in overall if base_name(result) == name), None) for name in LEADING)
    return [result for result in found if result is not None]
