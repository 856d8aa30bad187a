"""Small random populations, and the table they must give: a waterfall join in plain pandas, without cryptography."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from kit import values

from cleanroom.contract.plan import Plan
from cleanroom.table import ReleasedTable, Row

CAP = 1000


@dataclass
class Population:
    """What the two sides put in: texts or None as keys, a cell a person, a row of columns a member."""

    a_keys: list[list[str | None]]  # by key type
    a_cells: list[int]
    r_keys: list[list[str | None]]
    r_columns: np.ndarray

    def inputs(self) -> tuple[np.ndarray, list[int], np.ndarray, np.ndarray]:
        """As `kit.pair` takes them."""
        return values(*self.a_keys), self.a_cells, values(*self.r_keys), self.r_columns


@st.composite
def populations(draw: st.DrawFn, plan: Plan) -> Population:
    """Up to 14 people a side. A key value belongs to one person of a side, may be missing, and is often shared."""
    count = len(plan.contract.match.keys)
    people, members = draw(st.integers(1, 14)), draw(st.integers(1, 14))
    columns = draw(st.lists(st.lists(st.sampled_from((0, 1, 7, CAP)), min_size=len(plan.columns),
                                     max_size=len(plan.columns)), min_size=members, max_size=members))
    return Population(
        [draw(_keys(people)) for _ in range(count)],
        draw(st.lists(st.integers(0, len(plan.cells) - 1), min_size=people, max_size=people)),
        [draw(_keys(members)) for _ in range(count)],
        np.concatenate([np.ones((members, 1), dtype=np.int64), np.array(columns, dtype=np.int64)], axis=1))


@st.composite
def _keys(draw: st.DrawFn, size: int) -> list[str | None]:
    pool = draw(st.permutations(range(18)))[:size]
    missing = draw(st.sets(st.integers(0, size - 1), max_size=size // 3))
    return [None if place in missing else f"key {number}" for place, number in enumerate(pool)]


def expected_table(plan: Plan, given: Population) -> ReleasedTable:
    """The table of a plain waterfall join, without noise; groups under the threshold carry no number."""
    matched = _waterfall(given)
    matched["period"] = [plan.cells[cell].period for cell in matched["cell"]]
    rows = []
    for group in plan.groups:
        inside = matched[matched["cell"].isin(list(plan.weights_of(group)))]
        if len(inside) < plan.contract.disclosure.threshold:
            rows.append(Row(group, None, None))
            continue
        sums = tuple(_window_total(plan, given, inside, number) for number in range(len(plan.contract.statistics)))
        rows.append(Row(group, len(inside), sums))
    return ReleasedTable(tuple(rows))


def _window_total(plan: Plan, given: Population, inside: pd.DataFrame, statistic: int) -> int:
    """Each member's value in the window that belongs to the period of the person it matched."""
    return sum(int(given.r_columns[row.member, 1 + statistic * plan.periods + row.period])
               for row in inside.itertuples())


def _waterfall(given: Population) -> pd.DataFrame:
    """(cell, member) of every match: one key type after the other, among those still unmatched on both sides."""
    ads = pd.DataFrame(dict(enumerate(given.a_keys)), dtype=object)
    ads = ads.assign(cell=given.a_cells, person=range(len(ads)))
    shop = pd.DataFrame(dict(enumerate(given.r_keys)), dtype=object).assign(member=range(len(given.r_columns)))
    found = []
    for key in range(len(given.a_keys)):
        hits = ads.dropna(subset=[key]).merge(shop.dropna(subset=[key]), on=key)[["cell", "person", "member"]]
        found.append(hits)
        ads, shop = ads[~ads["person"].isin(hits["person"])], shop[~shop["member"].isin(hits["member"])]
    return pd.concat(found, ignore_index=True)
