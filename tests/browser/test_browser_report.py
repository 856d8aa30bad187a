"""The report as a browser shows and prints it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pypdf import PdfReader

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
A4_POINTS = (595, 842)
# Each cell of a table row gets the row's number before and after its text, too small to change the layout.
MARK_ROWS = """() => {
  const mark = text => {
    const span = document.createElement('span');
    span.textContent = text;
    span.style.cssText = 'font-size:1px;line-height:0;letter-spacing:0';
    return span;
  };
  document.querySelectorAll('tr').forEach((row, index) => row.querySelectorAll('th,td').forEach(cell => {
    cell.prepend(mark(`{{${index}}}`));
    (cell.lastElementChild && cell.lastElementChild.matches('.under') ? cell.lastElementChild : cell)
      .append(mark(`{{${index}}}`));
  }));
  return document.querySelectorAll('tr').length;
}"""


def test_it_loads_nothing_but_itself_and_the_console_stays_silent(page: Page, report: Path) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri(), wait_until="networkidle")
    assert asked == [report.as_uri()]
    assert said == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_never_scrolls_sideways(page: Page, report: Path, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    beyond = page.evaluate("""() => [...document.querySelectorAll('body *')].filter(element =>
        !element.closest('.scroll, svg, .skip') && element.getBoundingClientRect().right > innerWidth + 0.5)
        .map(element => element.tagName + ' ' + element.textContent.slice(0, 60))""")
    assert beyond == []


def test_wide_tables_can_be_reached_by_keyboard(page: Page, report: Path) -> None:
    page.set_viewport_size(PHONE)
    page.goto(report.as_uri())
    unreachable = page.evaluate("""() => [...document.querySelectorAll('.scroll')].filter(area =>
        area.scrollWidth > area.clientWidth && area.tabIndex !== 0).length""")
    assert unreachable == 0


def test_charts_stay_inside_their_frame(page: Page, report: Path) -> None:
    page.set_viewport_size(PHONE)
    page.goto(report.as_uri())
    outside = page.evaluate("""() => [...document.querySelectorAll('svg.chart')].flatMap(chart => {
        const frame = chart.getBoundingClientRect();
        return [...chart.querySelectorAll('text')].filter(text => {
          const box = text.getBoundingClientRect();
          return box.right > frame.right + 1 || box.left < frame.left - 1;
        }).map(text => chart.id + ' ' + text.textContent);
    })""")
    assert outside == []


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_accessibility_violation(page: Page, report: Path, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.goto(report.as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_language_is_declared(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.lang") == report.name.split(".")[1]


def test_it_prints_on_a4_without_a_cut_row_or_a_lonely_head(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    rows = page.evaluate(MARK_ROWS)
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    pages = [set(re.findall(r"\{\{(\d+)\}\}", sheet.extract_text())) for sheet in printed.pages]
    body = page.evaluate("[...document.querySelectorAll('tr')].map(row => row.parentElement.tagName !== 'THEAD')")
    seen = {row: sum(str(row) in marks for marks in pages) for row in range(rows)}
    assert [row for row in range(rows) if body[row] and seen[row] != 1] == []  # a table's head repeats on each page
    heads = page.evaluate("""() => { const rows = [...document.querySelectorAll('tr')];
        return rows.map((row, index) => [index, row]).filter(([, row]) => row.parentElement.tagName === 'THEAD')
          .map(([index, row]) => [index, row.closest('table').rows.length]); }""")
    assert [head for head, rows in heads for marks in pages
            if str(head) in marks and not any(str(head + row) in marks for row in range(1, rows))] == []
    assert {tuple(round(side) for side in sheet.mediabox[2:]) for sheet in printed.pages} == {A4_POINTS}
