"""Charts as SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from cleanroom.report.charts import COLOURS, Chart, Point, svg


def _chart(points: tuple[Point, ...], id_: str = "fig-a", *, bars: bool = False) -> Chart:
    return Chart(id_, "Title", "Text", ",d", points, bars=bars)


def _point(row: str, arm: str = "Exposed", value: float | None = 3.0) -> Point:
    if value is None:
        return Point(row, arm, None, None, None, "suppressed")
    return Point(row, arm, value, value - 1, value + 1, "three")


def _texts(drawn: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawn).iter("text")]


@pytest.mark.parametrize("bars", [True, False])
def test_it_is_well_formed_scales_and_describes_itself(bars: bool) -> None:
    drawn = svg(_chart((_point("A"), _point("A", "Control")), bars=bars), "A is 3 & more")
    root = ElementTree.fromstring(drawn)
    assert (root.get("width"), root.get("role")) == ("100%", "img")
    assert root.get("height") is None
    assert root.find("desc").text == "A is 3 & more"
    assert {"Exposed", "Control", "A"} <= set(_texts(drawn))


def test_a_suppressed_point_has_words_and_no_mark() -> None:
    assert "suppressed" in _texts(svg(_chart((_point("A"), _point("B", value=None))), ""))


def test_labels_are_data_not_markup() -> None:
    assert 'a"&b' in _texts(svg(_chart((_point('a"&b'),)), ""))


def test_long_names_that_start_alike_stay_apart() -> None:
    long = "a name that is much longer than its place "
    drawn = svg(_chart((_point(long + "one"), _point(long + "two"))), "")
    assert len([text for text in _texts(drawn) if text == "three"]) == 2


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_stand_out_on_white(colour: str) -> None:
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.5
