"""Charts as inline SVG, drawn by Vega-Lite without any outside request.

Each is about 420 units wide, so that its text stays readable on a phone and two fit side by side on a desk.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import vl_convert
from markupsafe import Markup

from cleanroom.report.format import Locale

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, MUTED, GRID = "#1d2733", "#5a6675", "#e3e7ec"
# Okabe-Ito hues, darkened to at least 4.5:1 on white; shapes tell the arms apart without colour.
COLOURS: Final = ("#0b5c94", "#b04a00", "#00694f", "#8a3a72", "#6b5900", "#404b57")
SHAPES: Final = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
MOST_LINES: Final = 32  # more do not fit on a printed page
WIDTH, VALUE, STEP, LONE_STEP = 400, 84, 19, 34  # units: all, the values, height of a mark
CHARACTER, LINE = 7.2, 18  # units a character takes at most on average; characters in a line of a name
SHORT_ARM: Final = 14  # characters of names that fit into the legend in two columns
VEGA_LITE: Final = "5.20"


@dataclass(frozen=True, slots=True)
class Point:
    """One mark: its row and arm, its value with interval (None: suppressed) and the value as text."""

    row: str
    arm: str
    value: float | None
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw. `axis` is a d3 number format; `bars` start at zero; `zero` draws a line there."""

    id: str
    title: str
    text: str
    axis: str
    points: tuple[Point, ...]
    bars: bool = False
    zero: bool = False


def svg(chart: Chart, description: str, locale: Locale = "en-US") -> Markup:
    """The chart as an `<svg>` with a text alternative; its ids start with the chart's own id.

    `locale` is the d3 name of the number format of the axis.
    """
    drawn: str = vl_convert.vegalite_to_svg(specification(chart), vl_version=VEGA_LITE, allowed_base_urls=[],
                                            format_locale=locale)
    start = drawn.index(">") + 1
    box = re.search(r'viewBox="([0-9. -]+)"', drawn[:start])
    head = Markup('<svg class="chart" role="img" aria-labelledby="{0}-t {0}-d" viewBox="{1}" width="100%" '
                  'preserveAspectRatio="xMinYMin meet">'
                  '<title id="{0}-t">{2}</title><desc id="{0}-d">{3}</desc>')
    body = Markup(_own_ids(drawn[start:], chart.id))  # noqa: S704  the renderer escapes what people wrote
    return head.format(chart.id, box[1] if box else "0 0 420 200", chart.title, description) + body


def specification(chart: Chart) -> dict[str, Any]:
    """The Vega-Lite document of a chart."""
    arms = list(dict.fromkeys(point.arm for point in chart.points))
    rows = {row: _wrapped(index, row) for index, row in enumerate(dict.fromkeys(p.row for p in chart.points))}
    names = round(CHARACTER * max(len(line) for text in rows.values() for line in text.split("\n")[1:])) + 10
    shown = [_datum(point, rows) for point in chart.points if point.value is not None]
    hidden = [_datum(point, rows) for point in chart.points if point.value is None]
    layers = [_zero_line()] if chart.zero else []
    layers += [_bar(arms) if chart.bars else _dot(arms), _whisker(arms, chart.bars), _text(INK, names)]
    for layer in layers:
        layer.setdefault("data", {"values": shown})
    if hidden:
        layers.append({"data": {"values": hidden}, **_text(MUTED, names)})
    return {
        "background": None, "padding": 2, "width": WIDTH - names - VALUE,
        "height": {"step": STEP if len(arms) > 1 else LONE_STEP}, "config": _config(),
        "autosize": {"type": "pad", "contains": "content"},
        "encoding": _rows(list(rows.values()), arms, names),
        "layer": [_framed(layer, chart) for layer in layers],
    }


def _rows(rows: Sequence[str], arms: Sequence[str], names: int) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "y": {"field": "row", "type": "nominal", "title": None, "sort": None,
              "scale": {"domain": list(rows), "paddingInner": 0.28, "paddingOuter": 0.14},
              "axis": {"labelExpr": "slice(split(datum.value, '\\n'), 1)", "labelLimit": 0, "ticks": False,
                       "domain": False, "labelPadding": 8, "minExtent": names, "maxExtent": names}},
    }
    if len(arms) > 1:
        shared["yOffset"] = {"field": "arm", "type": "nominal", "sort": None, "scale": {"domain": arms}}
    return shared


def _framed(layer: dict[str, Any], chart: Chart) -> dict[str, Any]:
    """Give a layer the common x axis; text that stands at a fixed place has none."""
    x = layer["encoding"]["x"]
    if "field" in x:
        x |= {"type": "quantitative", "title": None, "scale": {"zero": True, "nice": True},
              "axis": {"format": chart.axis, "tickCount": 3, "domain": False, "ticks": False}}
    return layer


def _bar(arms: Sequence[str]) -> dict[str, Any]:
    return {"mark": {"type": "bar", "opacity": 0.8},
            "encoding": {"x": {"field": "value"}, "color": _by_arm(arms, COLOURS)}}


def _dot(arms: Sequence[str]) -> dict[str, Any]:
    return {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {"x": {"field": "value"}, "color": _by_arm(arms, COLOURS),
                         "shape": _by_arm(arms, SHAPES)}}


def _whisker(arms: Sequence[str], over_bar: bool) -> dict[str, Any]:
    colour = {"value": INK} if over_bar else {**_by_arm(arms, COLOURS), "legend": None}
    return {"mark": {"type": "rule", "strokeWidth": 1.5 if over_bar else 2},
            "encoding": {"x": {"field": "low"}, "x2": {"field": "high"}, "color": colour}}


def _text(colour: str, names: int) -> dict[str, Any]:
    return {"mark": {"type": "text", "align": "right", "fontSize": 12, "color": colour},
            "encoding": {"x": {"value": WIDTH - names}, "text": {"field": "text"}}}


def _zero_line() -> dict[str, Any]:
    return {"data": {"values": [{}]}, "mark": {"type": "rule", "color": INK, "strokeWidth": 1},
            "encoding": {"x": {"datum": 0, "type": "quantitative"}, "y": None, "yOffset": None}}


def _by_arm(arms: Sequence[str], looks: Sequence[str]) -> dict[str, Any]:
    scale = {"domain": list(arms), "range": [looks[i % len(looks)] for i in range(len(arms))]}
    legend = {"orient": "top", "title": None, "labelFontSize": 12, "symbolSize": 90, "labelLimit": 150,
              "columns": 2 if max(map(len, arms), default=0) <= SHORT_ARM else 1}
    return {"field": "arm", "type": "nominal", "sort": None, "scale": scale,
            "legend": legend if len(arms) > 1 else None}


def _config() -> Mapping[str, Any]:
    return {"aria": False, "font": FONT, "view": {"stroke": None},
            "axis": {"labelFontSize": 12, "labelColor": INK, "gridColor": GRID},
            "legend": {"labelColor": INK, "offset": 6}}


def _wrapped(index: int, row: str) -> str:
    """A name on at most two lines, after its number: two names that are cut alike stay two rows."""
    return "\n".join([str(index), *textwrap.wrap(row, LINE, max_lines=2, placeholder=" …")])


def _datum(point: Point, rows: Mapping[str, str]) -> dict[str, Any]:
    return {"row": rows[point.row], "arm": point.arm, "value": point.value, "low": point.low,
            "high": point.high, "text": point.text}


def _own_ids(drawn: str, prefix: str) -> str:
    """Prefix ids and their uses. Only tags are touched: what people wrote stands between tags."""
    def own(tag: re.Match[str]) -> str:
        named = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{prefix}-", tag[0])
        return re.sub(r'\s(role|aria-[a-z]+)="[^"]*"', "", named)

    return re.sub(r"<[^<>]*>", own, drawn)


def described(points: Sequence[Point], colon: str = ": ") -> str:
    """The values of a chart in one sentence, for those who cannot see it."""
    return "; ".join(f"{point.arm}, {point.row}{colon}{point.text}" for point in points)
