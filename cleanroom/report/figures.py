"""Which charts a document gives, with their points, titles and text alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from markupsafe import Markup

from cleanroom.report import select
from cleanroom.report.charts import MOST_LINES, Chart, Point, described, svg
from cleanroom.report.select import Result
from cleanroom.report.voice import Voice

MONEY_AXIS, COUNT_AXIS, SHARE_AXIS, POINTS_AXIS = ",.2~f", ",d", ".2~%", ".2~f"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn chart with its visible title and caption."""

    id: str
    title: str
    caption: str
    drawing: Markup


def people(voice: Voice) -> list[Figure]:
    """Matched people per group."""
    shown = [(group["group"], group["people"]) for entry in voice.document["released"]
             for group in entry["groups"] if "arm" in group["group"]]
    points = [_people_point(voice, group, number) for group, number in _wide_first(shown)]
    return _drawn(voice, "people", COUNT_AXIS, points, bars=True)


def rates(voice: Voice) -> list[Figure]:
    """Conversion and sales per person, by group."""
    levels = select.levels(voice.document)
    return [figure for id_, name, axis, scale in (("conversion", "conversion_rate", SHARE_AXIS, 1.0),
                                                  ("sales", "sales_per_person", MONEY_AXIS, 0.01))
            for figure in _drawn(voice, id_, axis, _level_points(voice, levels, name, scale))]


def lifts(voice: Voice) -> list[Figure]:
    """Exposed minus control, overall and by stratum, around a zero line."""
    found = select.comparisons(voice.document)
    return [figure for id_, name, axis, scale in (
                ("lift_share", "conversion_difference", POINTS_AXIS, 100.0),
                ("lift_money", "sales_per_person_difference", MONEY_AXIS, 0.01))
            for figure in _drawn(voice, id_, axis, [
                _point(voice, result, scale, voice.stratum(result), "")
                for result in found if select.base_name(result) == name], zero=True)]


def categories(voice: Voice) -> list[Figure]:
    """Sales per person by category, exposed beside control."""
    found = voice.document["categories"]
    alone = any(result["note"] == "noise_only" for result in found)
    return _drawn(voice, "categories", MONEY_AXIS, [
        _point(voice, result, 0.01, voice.label(result["category"]), voice.arm(result["group"]))
        for result in found], remark=voice.words["noise_note"] if alone else "")


def frequency(voice: Voice) -> list[Figure]:
    """Conversion by number of exposures."""
    found = [each for each in select.of_metric(voice.document, "frequency") if each["name"] == "frequency_conversion"]
    return _drawn(voice, "frequency", SHARE_AXIS, [
        _point(voice, each, 1.0, voice.value_of("frequency", each["group"]["frequency"]),
               voice.rest(each["group"], "frequency")) for each in found])


def baskets(voice: Voice) -> list[Figure]:
    """Average basket of each sales channel, side by side."""
    found = [(each, str(each["detail"])) for each in voice.document["results"]
             if each["name"] == "sales_channel_average_basket"]
    found = found or [(each, each["name"].removeprefix("basket_"))
                      for each in select.of_metric(voice.document, "click_collect")
                      if each["name"].startswith("basket_")]
    return _drawn(voice, "baskets", MONEY_AXIS, [
        _point(voice, each, 0.01, voice.group(each["group"]), voice.touch(channel)) for each, channel in found])


def attribution(voice: Voice) -> list[Figure]:
    """Credited sales by channel, a mark per method."""
    found = [(each, method) for each in select.of_metric(voice.document, "attribution") for method in select.METHODS
             if each["name"] == f"credited_sales_{method}"]
    return _drawn(voice, "attribution", MONEY_AXIS, [
        _point(voice, each, 0.01, voice.touch(each["group"]["channel"]), voice.words[f"at_{method}"])
        for each, method in found])


def _drawn(voice: Voice, id_: str, axis: str, points: list[Point], *, bars: bool = False,
           zero: bool = False, remark: str = "") -> list[Figure]:
    """The figure, or none when no point has a value. `remark` ends its caption."""
    if all(point.value is None for point in points):
        return []
    exposed, control = (voice.value_of("arm", arm) for arm in select.compared_arms(voice.document))
    title = voice.words[f"c_{id_}"]
    caption = voice.say(f"c_{id_}_text", currency=voice.currency, exposed=exposed, control=control)
    caption += f" {remark}" if remark else ""
    if len(points) > MOST_LINES:
        caption += " " + voice.say("c_cut", shown=MOST_LINES, total=len(points))
        points = points[:MOST_LINES]
    chart = Chart(f"fig-{id_.replace('_', '-')}", title, caption, axis, tuple(points), bars, zero)
    values = voice.say("c_numbers", values=described(points, voice.words["colon"]))
    return [Figure(chart.id, title, caption, svg(chart, f"{caption} {values} {voice.words['c_in_table']}",
                                                        voice.fmt.axis))]


def _level_points(voice: Voice, levels: Iterable[Result], name: str, scale: float) -> list[Point]:
    found = [(result["group"], result) for result in levels if result["name"] == name
             and set(result["group"]) <= {"arm", "segment"}]  # what exposures say has charts of its own
    return [_point(voice, result, scale, voice.row(group), voice.arm(group))
            for group, result in _wide_first(found)]


def _point(voice: Voice, result: Result, scale: float, row: str, arm: str) -> Point:
    value, low, high = (None if result[which] is None else result[which] * scale
                        for which in ("value", "low", "high"))
    return Point(row, arm, value, low, high, voice.cell(result).text)


def _people_point(voice: Voice, group: Mapping[str, str], number: Mapping[str, Any] | None) -> Point:
    row, arm = voice.row(group), voice.arm(group)
    if number is None:
        return Point(row, arm, None, None, None, voice.words["suppressed"])
    return Point(row, arm, number["value"], number["low"], number["high"], voice.total(number["value"], ""))


def _wide_first(shown: Iterable[tuple[Mapping[str, str], T]]) -> list[tuple[Mapping[str, str], T]]:
    """The widest groups first; otherwise the order of the document."""
    return sorted(shown, key=lambda item: len(item[0]))
