"""What each side receives in the salted-hash mode, against the table of SECURITY.md: the retailer recognises its own
customers and sees random bytes for all others, the advertiser sees a size and the openings. Seeds are fixed."""

from __future__ import annotations

import numpy as np
import pytest
from kit import SALTED_TERMS, SeededNoise, exchange, finish, pair, small_contract, values
from laws import fit, laplace_pair, truncated_laplace
from scipy import stats

from cleanroom.contract.plan import Plan
from cleanroom.match.dummies import Padding

AGREED = small_contract(threshold=-(10**6), **SALTED_TERMS)
PLAN = Plan(AGREED)
PADDING = Padding(8, 1.0)
RUNS, LEAST = 64, 1e-3
CELLS = [0, 0, 1, 1, 0, 1]
MINE, MEMBERS = ["n0", "n1", "n2", "n3", "m1", "m2"], [f"n{i}" for i in range(10)]
COLUMNS = np.array([[1, 1, 100 * (i % 3)] for i in range(10)])
TRUTH = np.array([[2, 2, 100], [2, 2, 200]])
Runs = list[tuple[list, object]]


@pytest.fixture(scope="module")
def runs() -> Runs:
    """Messages and table of each run."""
    found = []
    for seed in range(RUNS):
        nodes = pair(AGREED, values(MINE), CELLS, values(MEMBERS), COLUMNS, seed=seed, noise=SeededNoise(seed),
                     padding=PADDING)
        found.append((exchange(*nodes), nodes[0].side.closing.table))
        finish(*nodes)
    return found


def sent(runs: Runs, role: str) -> set[tuple[str, str]]:
    return {(each.step, each.message.label) for seen, _ in runs for each in seen if each.role == role}


def test_these_are_all_the_messages(runs: Runs) -> None:
    """A new kind of message needs a line in the leakage table and a test here."""
    closing = {("commit_people", "commitment"), ("open_people", "opening"), ("commit_sums", "commitment"),
               ("open_sums", "opening"), ("receipt", "receipt")}
    greeting = {("hello", "hello"), ("account", "account"), ("sizes", "sizes")}
    assert sent(runs, "retailer") == greeting | closing
    assert sent(runs, "advertiser") == greeting | {("tokens", "points")} | closing


def test_declared_sizes_follow_the_padded_law(runs: Runs) -> None:
    sizes = {role: np.array([each.message.rows for seen, _ in runs for each in seen
                             if (each.step, each.role) == ("sizes", role)]) for role in ("advertiser", "retailer")}
    law = np.arange(9), truncated_laplace(1.0, 8)
    assert fit(np.ravel(sizes["advertiser"]) - 3, *law) > LEAST
    assert fit(np.ravel(sizes["retailer"]) - 10, *law) > LEAST


def test_tokens_look_uniform_and_people_stand_anywhere_in_their_cell(runs: Runs) -> None:
    """Real ones and padding alike; no two are equal, in one run or in all."""
    tokens = [token.tobytes() for seen, _ in runs for each in seen if each.step == "tokens"
              for token in each.message.tuples.reshape(-1, 32)]
    assert len(set(tokens)) == len(tokens)
    counted = np.bincount(np.frombuffer(b"".join(tokens), np.uint8), minlength=256)
    assert stats.chisquare(counted).pvalue > LEAST
    for seen, _ in runs:
        for each in seen:
            if each.step == "tokens":
                rows = [token.tobytes() for token in each.message.tuples.reshape(-1, 32)]
                assert rows == sorted(rows)  # the order tells what the bytes tell, and nothing of who was put in first


def test_the_advertisers_shares_are_its_noise_alone(runs: Runs) -> None:
    shares = np.array([each.message.shares for seen, _ in runs for each in seen
                       if (each.step, each.role) == ("open_people", "advertiser")], dtype=np.int64)
    centred = np.where(shares > 2**43, shares - 2**44, shares)
    assert abs(centred).max() < 40 * PLAN.people_scale(0)


def test_what_is_opened_carries_the_noise_of_both_sides(runs: Runs) -> None:
    """The released counts less the truth: the sum of two draws, as in the blinded mode."""
    off = np.array([[row.people for row in table.rows] for _, table in runs]) - TRUTH[:, 0]
    support, law = laplace_pair(PLAN.people_scale(0))
    assert fit(np.ravel(off), support, law) > LEAST
