"""With noise, released minus exact follows the stated law: the sum of two discrete Laplace numbers, one a side."""

from __future__ import annotations

import numpy as np
import pytest
from kit import SeededNoise, make_setup, small_contract
from laws import fit, laplace_pair

from cleanroom.adapters.noise import OpenDPNoise
from cleanroom.contract.plan import Plan
from cleanroom.session.closing import Closing
from cleanroom.table import ReleasedTable

SEGMENTS = tuple("abcdefgh")
AGREED = small_contract(segments=SEGMENTS, releases=(("arm", "segment"),), threshold=-(10**6))
PLAN = Plan(AGREED)
TRUTH = [[100 + 7 * group, 50 + group, 9000 * group] for group in range(len(PLAN.groups))]  # people, buyers, sales
MODULUS = 2**44
MOST = [10**6] * len(TRUTH)


def close_once(first: Closing, second: Closing, random: np.random.Generator) -> ReleasedTable:
    """Both closings from fresh shares of the truth to the table, in the script's order."""
    ours = random.integers(0, MODULUS, (len(TRUTH), 3))
    theirs = (np.array(TRUTH) - ours) % MODULUS
    first.take_shares(ours.tolist(), MOST)
    second.take_shares(theirs.tolist(), MOST)
    for stage in ("people", "sums"):
        for action in ("commit", "open"):
            step = f"{action}_{stage}"
            messages = [next(iter(closing.send(step))) for closing in (first, second)]
            second.receive(step, messages[0])
            first.receive(step, messages[1])
    assert first.table == second.table
    return first.table


def differences(runs: int, noise: object) -> np.ndarray:
    """(runs · groups, 3): released minus exact people, buyers and sales."""
    random = np.random.default_rng(1)
    found = []
    for _ in range(runs):
        setups = [make_setup(AGREED, role, noise=noise) for role in ("advertiser", "retailer")]
        table = close_once(Closing(setups[0]), Closing(setups[1]), random)
        found += [np.subtract((row.people, *row.sums), truth) for row, truth in zip(table.rows, TRUTH, strict=True)]
    return np.array(found)


@pytest.mark.parametrize(("noise", "least"), [(SeededNoise(4), 1e-3), (OpenDPNoise(), 1e-9)], ids=["seeded", "opendp"])
def test_released_minus_exact_follows_the_stated_law(noise: object, least: float) -> None:
    """1,280 numbers of each kind, chi-square in 12 bins. Seeded noise cannot fail by chance; OpenDP's draws are fresh
    every time: three tests at 1e-9 give a false alarm in 3e-9 of all runs."""
    found = differences(80, noise)
    scales = [PLAN.people_scale(0), PLAN.sum_scale(0, 0), PLAN.sum_scale(0, 1)]
    for column, scale in enumerate(scales):
        assert fit(found[:, column], *laplace_pair(scale)) > least


def test_the_test_would_see_the_noise_of_one_side_missing() -> None:
    """The power of the test above: with one side's noise left out it fails far below its threshold."""
    found = SeededNoise(4).laplace(PLAN.people_scale(0), 1280)
    assert fit(found, *laplace_pair(PLAN.people_scale(0))) < 1e-12


def test_numbers_of_different_groups_carry_independent_noise() -> None:
    """Seeded: neighbouring groups and the numbers of one group are uncorrelated (|r| of 640 pairs under 5 / √640)."""
    found = differences(40, SeededNoise(11)).astype(float)
    assert abs(np.corrcoef(found[:-1, 0], found[1:, 0])[0, 1]) < 0.2
    assert np.abs(np.corrcoef(found.T) - np.eye(3)).max() < 0.2
