"""The Complete Journey parties, from files to the signed table, against an independent pandas reference."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from duplex import run_flow
from kit import EXACT
from real_reference import reference_table

from cleanroom.adapters.backends import choose_arithmetic
from cleanroom.adapters.executors import ProcessExecutor
from cleanroom.contract.plan import Plan
from cleanroom.primitives.backend import Backend
from cleanroom.primitives.openssl import OpenSSLBackend

SCALES = 45  # each number is off by more with probability below 23 exp(-45): all 110 together below 1e-16


@pytest.fixture
def openssl() -> Iterator[Backend]:
    with ProcessExecutor(2) as executor:
        yield OpenSSLBackend(executor)


@pytest.fixture
def fastest() -> Iterator[Backend]:
    """What a node of this machine would take: the C kernel if it is built, else OpenSSL."""
    backend, executor, _ = choose_arithmetic(2)
    with executor:
        yield backend


@pytest.fixture(scope="module")
def reference(real_parties, real_contract) -> dict:
    terms = tomllib.loads(files("cleanroom.adapters").joinpath("demo_terms.toml").read_text("utf-8"))
    return reference_table(real_parties, terms)


def test_the_released_table_is_the_pandas_table_to_the_cent(real_contract, real_tables, reference, openssl) -> None:
    """Zero noise, zero dummies: both sides' tables equal the reference, in every group and statistic."""
    outcomes = run_flow(real_contract, real_tables, backend=openssl, **EXACT)
    ours, theirs = (outcomes[role].table for role in ("advertiser", "retailer"))
    assert ours == theirs
    assert len(ours.rows) == 10
    assert {row.group.key: (row.people, row.sums) for row in ours.rows} == {
        key: found if found[0] >= real_contract.disclosure.threshold else (None, None)
        for key, found in ((row.group.key, reference[row.group.key]) for row in ours.rows)}
    assert sum(row.people for row in ours.of(0)) > 1500  # the reference is not an empty table


def test_a_run_with_real_noise_stays_within_it(real_contract, real_tables, reference, fastest) -> None:
    """Full padding and OpenDP's noise: each number is within 45 scales of the exact one; the retailer dials."""
    outcomes = run_flow(real_contract, real_tables, backend=fastest, dials="retailer")
    assert outcomes["advertiser"].table == outcomes["retailer"].table
    plan = Plan(real_contract)
    for row in outcomes["advertiser"].table.rows:
        people, sums = reference[row.group.key]
        release = row.group.release
        assert row.people is not None  # all real groups are 80 people or more, the threshold is 50
        assert abs(row.people - people) < SCALES * plan.people_scale(release)
        for number, noised, exact in zip(plan.statistics_of(release), row.sums, sums, strict=True):
            assert abs(noised - exact) < SCALES * plan.sum_scale(release, number)
