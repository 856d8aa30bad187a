"""A whole run on synthetic parties, both sides in this process."""

from __future__ import annotations

import numpy as np
import pytest
from synth_kit import kit, make, reference, window_lines

from cleanroom import flow
from cleanroom.measures.catalogue import compute
from cleanroom.measures.catalogue.base import Context


class SeededNoise:
    """Discrete Laplace noise of the right scale, the same in every test run."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def laplace(self, scale: float, size: int) -> list[int]:
        stay = 1 - np.exp(-1 / scale)
        return (self._random.geometric(stay, size) - self._random.geometric(stay, size)).tolist()

    def truncated_laplace(self, scale: float, high: int, size: int) -> list[int]:
        return [high // 2] * size


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("synth") / "out", 2_000, seed=3, overlap=0.9, lift=0.3, keys=("email",))


def run(made, noise):
    nodes = []
    for role in ("advertiser", "retailer"):
        setup = kit.make_setup(made.contract, role, noise=noise, padding=kit.NO_PADDING)
        side, own = flow.prepare(setup, made.tables(role))
        nodes.append((kit.start(setup, side, initiator=role == "advertiser"), own))
    kit.exchange(nodes[0][0], nodes[1][0])
    return nodes[0][0].side.closing.table, nodes[0][1]


def test_without_noise_the_run_equals_pandas(made):
    people = reference(made)
    lines = window_lines(made, people)
    sales = lines.groupby("member")["cents"].sum().reindex(people["member"]).fillna(0).astype(int).to_numpy()
    tea = lines[lines["department"] == "TEA"].groupby("member")["cents"].sum()
    baskets = lines.groupby("member")["ticket"].nunique()
    people["buyers"] = sales > 0
    people["sales"] = np.minimum(sales, 30_000)
    people["baskets"] = baskets.reindex(people["member"]).fillna(0).clip(upper=8).to_numpy()
    people["sales_tea"] = tea.reindex(people["member"]).fillna(0).clip(upper=6_000).to_numpy()
    table, _ = run(made, kit.ZeroNoise())
    names = [statistic.name for statistic in made.contract.statistics]
    for row in table.rows:
        group = people
        for dimension, value in zip(made.contract.releases[row.group.release].dimensions, row.group.key, strict=True):
            group = group[group[dimension] == value]
        assert row.suppressed == (len(group) < 50)
        if not row.suppressed:
            assert row.people == len(group)
            assert all(row.sums[names.index(name)] == group[name].sum()
                       for name in ("buyers", "sales", "baskets", "sales_tea"))
    assert not table.rows[0].suppressed


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_released_differences_have_the_truth_in_their_intervals(made, seed):
    noise = kit.ZeroNoise() if seed is None else SeededNoise(seed)
    table, own = run(made, noise)
    plan = flow.check_plan(made.contract)
    found = {each.name: each for each in compute(plan, table, Context("advertiser", own.sent, None))
             if each.metric == "lift" and each.group and each.group.key == ("exposed",)}
    effect = made.truth["effect"]["everybody"]
    for name, truth in (("conversion_difference", effect["conversion_difference"]),
                        ("sales_per_person_difference", effect["capped_sales_cents_per_person_difference"])):
        assert found[name].low < truth < found[name].high
