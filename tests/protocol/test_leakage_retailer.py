"""What the retailer receives, over many runs of two worlds that differ in one matched person of the advertiser, who is
swapped for another matched person of the same cell with the same purchases. Nothing may change in distribution.

Seeds are fixed, so no test fails by chance; thresholds are p > 1e-3 for one comparison."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from kit import SeededEntropy, SeededNoise, exchange, finish, pair, small_contract, values
from laws import fit, laplace_pair, same_law, truncated_laplace
from scipy import stats

from cleanroom.contract.plan import Plan
from cleanroom.match.dummies import Padding
from cleanroom.primitives.curve import P
from cleanroom.primitives.ring import PRIMES, N

AGREED = small_contract(threshold=-(10**6))
PLAN = Plan(AGREED)
PADDING = Padding(8, 1.0)
RUNS = 32
LEAST = 1e-3
MODULUS = 2**44
MEMBERS = [f"n{i}" for i in range(10)]
COLUMNS = np.array([[1, 1, 100 * (i % 3)] for i in range(10)])  # n0 and n9 bought the same
WORLDS = {"first": ["n0", "n1", "n2", "n3", "m1", "m2"], "swapped": ["n9", "n1", "n2", "n3", "m1", "m2"]}
CELLS = [0, 0, 1, 1, 0, 1]
TRUTH = np.array([[2, 2, 100], [2, 2, 200]])  # people, buyers, sales of the two cells, in both worlds


@dataclass
class Received:
    """Everything the retailer received over all runs of one world."""

    sizes: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    c0: list[np.ndarray] = field(default_factory=list)  # (4,) a sum
    c1: list[np.ndarray] = field(default_factory=list)  # (4, 4096) a sum
    opened: list[int] = field(default_factory=list)  # the advertiser's noised shares
    totals: list[np.ndarray] = field(default_factory=list)  # (2, 3) a run, minus the truth
    own_shares: list[int] = field(default_factory=list)  # what the retailer's key opens
    kinds: set[tuple[str, str]] = field(default_factory=set)


def world(name: str) -> Received:
    seen = Received()
    for seed in range(RUNS):
        one, two = pair(AGREED, values(WORLDS[name]), CELLS, values(MEMBERS), COLUMNS, seed=(name, seed),
                        noise=SeededNoise(seed + 1000 * len(name)), padding=PADDING)
        keep_shares(two, seen)
        for sent in exchange(one, two):
            if sent.role == "advertiser":
                record(seen, sent)
        seen.totals.append([(row.people, *row.sums) for row in two.side.closing.table.rows] - TRUTH)
        finish(one, two)
    return seen


def keep_shares(node, seen: Received) -> None:
    take = node.side.closing.take_shares

    def spy(shares: list[list[int]], most: list[int]) -> None:
        seen.own_shares += [share for row in shares for share in row]
        take(shares, most)

    node.side.closing.take_shares = spy


def record(seen: Received, sent) -> None:
    message = sent.message
    seen.kinds.add((sent.step, message.label))
    match message.label:
        case "sizes":
            seen.sizes += message.rows
            seen.points.append(int.from_bytes(message.blinding_key, "little"))
        case "points":
            seen.points += [int.from_bytes(point.tobytes(), "little") for point in message.tuples.reshape(-1, 32)]
        case "masked-sum":
            seen.c0.append(message.c0)
            seen.c1.append(message.c1)
        case "opening":
            seen.opened += message.shares


@pytest.fixture(scope="module")
def worlds() -> tuple[Received, Received]:
    first, second = (world(name) for name in WORLDS)
    return first, second


def test_these_are_all_the_messages_the_retailer_receives(worlds: tuple[Received, Received]) -> None:
    """A new kind of message needs a line in the leakage table and a test here. Commitments are hashes with a fresh
    blind, receipts are signatures over public hashes; all the others are examined below."""
    for seen in worlds:
        assert seen.kinds == {
            ("hello", "hello"), ("account", "account"), ("sizes", "sizes"), ("blinded_cells", "points"),
            ("masked_sums", "masked-sum"),
            ("commit_people", "commitment"), ("open_people", "opening"), ("commit_sums", "commitment"),
            ("open_sums", "opening"), ("receipt", "receipt")}


def test_cell_sizes_follow_the_padded_law_in_both_worlds(worlds: tuple[Received, Received]) -> None:
    for seen in worlds:
        assert fit(np.array(seen.sizes) - 3, np.arange(9), truncated_laplace(1.0, 8), bins=9) > LEAST
    assert same_law(worlds[0].sizes, worlds[1].sizes) > LEAST


def test_points_look_uniform_and_never_repeat(worlds: tuple[Received, Received]) -> None:
    """u-coordinates against the uniform law on the field (Kolmogorov-Smirnov), and one world against the other."""
    for seen in worlds:
        assert stats.kstest([u / P for u in seen.points], "uniform").pvalue > LEAST
        assert stats.chisquare(np.bincount([u % 251 for u in seen.points], minlength=251)).pvalue > LEAST
        assert len(set(seen.points)) == len(seen.points)
    assert stats.ks_2samp(*([u / P for u in seen.points] for seen in worlds)).pvalue > LEAST
    assert not set(worlds[0].points) & set(worlds[1].points)


def test_the_retailers_own_shares_are_uniform(worlds: tuple[Received, Received]) -> None:
    """What the retailer decrypts of a sum is uniform modulo 2^44, whole and in its low bits."""
    for seen in worlds:
        assert len(seen.own_shares) == RUNS * 6
        assert stats.kstest([share / MODULUS for share in seen.own_shares], "uniform").pvalue > LEAST
        assert stats.chisquare(np.bincount([share % 16 for share in seen.own_shares], minlength=16)).pvalue > LEAST
    assert stats.ks_2samp(*(seen.own_shares for seen in worlds)).pvalue > LEAST


def test_opened_shares_are_uniform_and_totals_have_the_same_noise(worlds: tuple[Received, Received]) -> None:
    """The advertiser's opened shares alone say nothing; with the retailer's they give the totals with both noises."""
    for seen in worlds:
        assert stats.kstest([share / MODULUS for share in seen.opened], "uniform").pvalue > LEAST
        people = np.array(seen.totals)[:, :, 0].ravel()
        assert fit(people, *laplace_pair(PLAN.people_scale(0))) > LEAST
        sales = np.array(seen.totals)[:, :, 2].ravel()
        assert fit(sales, *laplace_pair(PLAN.sum_scale(0, 1))) > LEAST
    for number in range(3):
        assert stats.ks_2samp(*(np.array(seen.totals)[:, :, number].ravel() for seen in worlds)).pvalue > LEAST


def masked_sums(advertiser_seed: int) -> np.ndarray:
    """c1 of all sums, (6, 4, 4096), of a run in which only the advertiser's entropy for the masks is another one."""
    one, two = pair(AGREED, values(WORLDS["first"]), CELLS, values(MEMBERS), COLUMNS, noise=SeededNoise(1),
                    padding=PADDING)
    exchange(one, two, until="columns")
    one.side._sums._entropy = SeededEntropy(advertiser_seed)
    sent = exchange(one, two)
    finish(one, two)
    return np.array([item.message.c1 for item in sent if item.step == "masked_sums"])


def test_masks_are_fresh_for_the_same_rows_of_the_same_ciphertexts() -> None:
    """The very same selection masked twice: the difference of the two c1 is uniform, so nothing of it is left."""
    first, second = masked_sums(1), masked_sums(2)
    primes = np.array(PRIMES, dtype=np.int64)[:, None]
    difference = (first.astype(np.int64) - second) % primes / primes
    assert stats.kstest(difference.ravel()[::7], "uniform").pvalue > LEAST


def test_masked_ciphertexts_of_other_selections_look_alike(worlds: tuple[Received, Received]) -> None:
    """Mean and variance of the residues of every c1 are those of the uniform law (Kolmogorov-Smirnov of the z-scores),
    so are the residues of c0; no c1 occurs twice, also not for the same selection."""
    primes = np.array(PRIMES, dtype=float)
    for seen in worlds:
        scaled = np.array(seen.c1) / primes[:, None]
        means = (scaled.mean(axis=2) - 0.5) * np.sqrt(12 * N)
        squares = (((scaled - 0.5) ** 2).mean(axis=2) - 1 / 12) * np.sqrt(180 * N)
        assert stats.kstest(means.ravel(), "norm").pvalue > LEAST
        assert stats.kstest(squares.ravel(), "norm").pvalue > LEAST
        assert stats.kstest((np.array(seen.c0) / primes).ravel(), "uniform").pvalue > LEAST
    polynomials = [c1.tobytes() for seen in worlds for c1 in seen.c1]
    assert len(set(polynomials)) == len(polynomials) == 2 * RUNS * 6
