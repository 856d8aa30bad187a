"""`cleanroom check` on the terminal: the same tables and bars as the page."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from cleanroom.report.charts import Chart
from cleanroom.report.checkup import Checkup, shares
from cleanroom.report.sections import Table

_BAR = 32  # characters of the longest bar of a chart


def print_check(shown: Checkup) -> None:
    """Print all of it to stdout."""
    console = Console(width=None if Console().is_terminal else 118, highlight=False, markup=False)
    if shown.mode:
        console.print(shown.mode, style="bold")
    console.print(shown.title, style="bold")
    console.print(shown.about)
    for title, text in shown.short:
        console.print(f"{title}{shown.colon}{text}")
    for chapter in shown.chapters:
        for chart in chapter.charts:
            console.print(f"\n{chart.title}")
            console.print(_bars(chart))
        for table in chapter.tables:
            console.print(f"\n{table.caption}")
            console.print(_table(table))
            if table.note:
                console.print(table.note)


def _table(table: Table) -> Drawn:
    drawn = Drawn(box=SIMPLE)
    for place, head in enumerate(table.heads):
        left = place == 0 or (table.prose and place == 1)
        drawn.add_column(Text(head), justify="left" if left else "right", overflow="fold")
    for line in (line for body in table.bodies for line in body.lines):
        drawn.add_row(Text(line.head), *(Text(cell.text) for cell in line.cells))
    return drawn


def _bars(chart: Chart) -> Drawn:
    several = len({point.arm for point in chart.points}) > 1
    drawn = Drawn(box=SIMPLE, show_header=False)
    for _ in range(3 if several else 2):
        drawn.add_column()
    drawn.add_column(justify="right")
    above = ""
    for point, share in zip(chart.points, shares(chart.points), strict=True):
        bar = "█" * (max(1, round(_BAR * share)) if share else 0)
        row = "" if point.row == above else point.row
        drawn.add_row(Text(row), *([Text(point.arm)] if several else []), bar, Text(point.text))
        above = point.row
    return drawn
