"""The forecast of `cleanroom plan` as one self-contained page in the style of the report, from the document alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.report import select
from cleanroom.report.charts import MOST_LINES, Chart, Point, described, svg
from cleanroom.report.environment import environment
from cleanroom.report.figures import COUNT_AXIS, MONEY_AXIS, POINTS_AXIS, Figure
from cleanroom.report.format import Numbers
from cleanroom.report.mode import notice_of
from cleanroom.report.sections import Body, Line, Table
from cleanroom.report.voice import Cell
from cleanroom.report.wording import NUMBERS, words
from cleanroom.report.wording_plan import PLAN

Item = Mapping[str, Any]

_CHARTS: Final = ("sales_per_person_difference", "conversion_difference", "sales_per_person", "conversion_rate")
_PARTS: Final = ("sampling", "noise")


def is_shown(item: Item) -> bool:
    """Whether a forecast is of a rate of a group, or of a comparison: totals say nothing more."""
    return item["unit"] in select.RATES and (item["group"] is not None or item["metric"] == "lift")


def render_plan(document: Item, language: str = "en") -> str:
    """The page as text. UsageError for an unknown language."""
    says = _Says(document, {**words(language), **PLAN[language]}, NUMBERS[language])
    shown = [item for item in document["precision"] if is_shown(item)]
    return environment().get_template("plan.html").render(
        lang=language, w=says.words, title=document["contract"]["title"], mode=notice_of(document, language),
        assumed=_assumed(says), cards=_cards(says), widths=_widths(says, shown), groups=_groups(says),
        precision=_precision(says, shown), stages=_stages(says), times=_times(says))


@dataclass(frozen=True, slots=True)
class _Says:
    document: Item
    words: Mapping[str, str]
    fmt: Numbers

    @property
    def currency(self) -> str:
        return str(self.document["contract"]["currency"])

    def say(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def group(self, group: Mapping[str, str] | None) -> str:
        if group is None:
            return self.words["same_mix"]
        named = (self.words.get(f"{'a' if axis == 'arm' else 'g'}_{value}", value) if axis != "segment" else value
                 for axis, value in group.items())
        return " · ".join(text[:1].upper() + text[1:] for text in named) or self.words["all"]

    def title(self, item: Item) -> str:
        name = select.base_name(item)
        title = self.words.get(f"n_{name}", name.replace("_", " ").capitalize())
        return self.say("p_difference", title=title) if item["metric"] == "lift" else title

    def half(self, item: Item, part: str) -> str:
        if item[part] is None:
            return ""
        return self.fmt.difference(item[part], item["unit"], self.currency, self.words["pp"]).lstrip("+")


def _assumed(says: _Says) -> str:
    given, fmt = says.document["assumed"], says.fmt
    return says.say("p_assumed", advertiser=fmt.number(given["advertiser_people"]),
                    retailer=fmt.number(given["retailer_people"]), matched=fmt.number(given["matched"]),
                    conversion=fmt.percent(given["conversion"]), mean=fmt.money(100 * given["mean"], says.currency),
                    sd=fmt.money(100 * given["sd"], says.currency))


def _cards(says: _Says) -> list[tuple[str, str]]:
    privacy, run, w = says.document["privacy"], says.document["run"], says.words
    left = [says.say("p_ledger", role=w[f"p_{role}"], epsilon=ledger["spent"]["epsilon"], runs=ledger["runs_left"])
            for role, ledger in privacy["ledgers"].items()]
    spends = says.say("p_spends", epsilon=says.fmt.decimal_text(privacy["run"]["epsilon"]),
                      delta=says.fmt.decimal_text(privacy["run"]["delta"]),
                      budget=says.fmt.decimal_text(privacy["budget"]["epsilon"]), runs=privacy["runs_allowed"])
    padding = says.say("p_padding_text", dummies=says.fmt.number(run["padding"]["dummies"]),
                       advertiser=says.fmt.number(run["padding"]["advertiser_rows"]),
                       retailer=says.fmt.number(run["padding"]["retailer_rows"]))
    time = says.say("p_time_text", seconds=says.fmt.compact(run["seconds"]), backend=run["backend"],
                    workers=run["workers"], bandwidth=says.fmt.compact(run["bandwidth"]),
                    advertiser=_megabytes(says, run["advertiser_bytes"]),
                    retailer=_megabytes(says, run["retailer_bytes"]))
    return [(w["p_privacy"], " ".join([spends, *left])), (w["p_time"], time), (w["p_padding"], padding)]


def _widths(says: _Says, shown: Sequence[Item]) -> list[Figure]:
    """Half-widths of the leading results, both parts of each beside each other."""
    found = ([item for item in shown if select.base_name(item) == name and item["half"] is not None]
             for name in _CHARTS)
    return [_width(says, items) for items in found if items]


def _width(says: _Says, items: Sequence[Item]) -> Figure:
    scale, axis = (100.0, POINTS_AXIS) if items[0]["unit"] == "share" else (0.01, MONEY_AXIS)
    points = [Point(says.group(item["group"]), says.words[f"p_{part}"], item[part] * scale, 0.0, 0.0,
                    says.half(item, part)) for item in items for part in _PARTS if item[part] is not None]
    caption = says.words["p_widths"]
    if len(points) > MOST_LINES:
        caption += " " + says.say("c_cut", shown=MOST_LINES, total=len(points))
    return _figure(says, f"fig-{select.base_name(items[0]).replace('_', '-')}", says.title(items[0]), caption, axis,
                   points[:MOST_LINES])


def _times(says: _Says) -> list[Figure]:
    points = [Point(says.words[f"n_{stage['stage']}"], says.words["seconds"], stage["seconds"], 0.0, 0.0,
                    says.fmt.compact(stage["seconds"])) for stage in _long(says)]
    return [_figure(says, "fig-time", says.words["p_stages"], says.words["p_stages_text"], COUNT_AXIS, points)]


def _figure(says: _Says, id_: str, title: str, caption: str, axis: str, points: Sequence[Point]) -> Figure:
    chart = Chart(id_, title, caption, axis, tuple(points), bars=True)
    values = says.say("c_numbers", values=described(points, says.words["colon"]))
    return Figure(id_, title, caption, svg(chart, f"{caption} {values} {says.words['c_in_table']}", says.fmt.axis))


def _groups(says: _Says) -> Table:
    threshold = says.document["contract"]["threshold"]
    lines = tuple(Line(says.group(item["group"]), (Cell(says.fmt.number(item["people"])),
                                                   Cell(_chance(says, item["suppressed"]))))
                  for item in says.document["groups"])
    return Table(says.words["p_groups"], (says.words["group"], says.words["people"],
                                          says.say("p_suppressed", threshold=threshold)), (Body(lines),))


def _precision(says: _Says, shown: Sequence[Item]) -> Table:
    names = dict.fromkeys(select.base_name(item) for item in shown)
    bodies = tuple(Body(tuple(_line(says, item) for item in items), says.title(items[0]))
                   for name in names for items in [[item for item in shown if select.base_name(item) == name]])
    w = says.words
    return Table(w["p_precision"], (w["group"], "±", w["p_sampling"], w["p_noise"], w["p_detectable"]), bodies,
                 w["p_note"])


def _line(says: _Says, item: Item) -> Line:
    if item["half"] is None:
        reason = says.words.get(f"n_{item['note']}", item["note"].replace("_", " "))
        return Line(says.group(item["group"]), (Cell(reason, muted=True), *[Cell("")] * 3))
    return Line(says.group(item["group"]), tuple(Cell(says.half(item, part))
                                                 for part in ("half", *_PARTS, "detectable")))


def _stages(says: _Says) -> Table:
    w, run = says.words, says.document["run"]
    lines = [Line(w[f"n_{stage['stage']}"], _traffic(says, stage)) for stage in _long(says)]
    return Table(w["p_stages"], (w["stage"], w["seconds"], w["p_advertiser_sends"], w["p_retailer_sends"]),
                 (Body((*lines, Line(w["s_run"], _traffic(says, run)))),))


def _traffic(says: _Says, stage: Item) -> tuple[Cell, ...]:
    return (Cell(says.fmt.compact(stage["seconds"])), Cell(_megabytes(says, stage["advertiser_bytes"])),
            Cell(_megabytes(says, stage["retailer_bytes"])))


def _long(says: _Says) -> list[Item]:
    """Stages that take time or traffic worth a line."""
    return [stage for stage in says.document["run"]["stages"]
            if stage["seconds"] >= 0.005 or stage["advertiser_bytes"] + stage["retailer_bytes"] > 10_000]


def _megabytes(says: _Says, count: int) -> str:
    return says.say("p_megabytes", count=says.fmt.compact(count / 1e6))


def _chance(says: _Says, probability: float) -> str:
    if probability < 0.0005:
        return says.say("p_under", share=says.fmt.percent(0.001))
    if probability > 0.9995:
        return says.say("p_over", share=says.fmt.percent(0.999))
    return says.fmt.percent(probability)
