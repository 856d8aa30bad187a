"""The salted-hash mode: the same table as with blinded values, from tokens that only the two nodes can make."""

from __future__ import annotations

import numpy as np
import pytest
from Crypto.Hash import KMAC256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit import EXACT, SALTED_TERMS, Node, SeededNoise, exchange, finish, pair, small_contract, values
from population import expected_table, populations

from cleanroom.contract.plan import Plan
from cleanroom.match.dummies import Padding
from cleanroom.match.salt import LABEL
from cleanroom.session.script import ORDERS, SCRIPT, STEPS

KEYS = ("email", "phone", "loyalty")
TERMS = {
    1: {"keys": KEYS[:1], "periods": 3, "releases": ((), ("arm",)), "threshold": 0},
    2: {"keys": KEYS[:2], "periods": 2, "segments": ("new", "known"), "threshold": 0,
        "releases": (("segment",), ("segment", "arm"))},
    3: {"keys": KEYS, "arms": ("exposed", "control", "holdout"), "releases": (("arm",),), "threshold": 1},
}
FEW = settings(max_examples=12, deadline=None, derandomize=True, database=None,
               suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def salted(**terms: object):
    return small_contract(**terms, **SALTED_TERMS)


def tables(agreed, *inputs: object, **options: object) -> list:
    nodes = pair(agreed, *inputs, **options)
    exchange(*nodes)
    finish(*nodes)
    return [node.side.closing.table for node in nodes]


@pytest.mark.parametrize("count", [1, 2, 3])
@FEW
@given(data=st.data())
def test_the_table_is_the_plain_waterfall_join_and_that_of_the_blinded_mode(count: int, data: st.DataObject) -> None:
    blind = small_contract(**TERMS[count])
    population = data.draw(populations(Plan(blind)))
    expected = expected_table(Plan(blind), population)
    assert tables(salted(**TERMS[count]), *population.inputs(), **EXACT) == [expected, expected]
    assert tables(blind, *population.inputs(), **EXACT) == [expected, expected]


@settings(FEW, max_examples=5)
@given(data=st.data())
def test_padding_never_reaches_a_sum_and_the_retailer_may_dial(data: st.DataObject) -> None:
    class OnlyPadding(SeededNoise):
        def laplace(self, scale: float, size: int) -> list[int]:
            return [0] * size if scale != 1.0 else super().laplace(scale, size)

    agreed = salted(**TERMS[2])
    population = data.draw(populations(Plan(agreed)))
    found = tables(agreed, *population.inputs(), noise=OnlyPadding(data.draw(st.integers(0, 99))),
                   padding=Padding(6, 1.0), retailer_dials=True)
    assert found == [expected_table(Plan(agreed), population)] * 2


def small(seed: object = 0, **options: object) -> tuple[Node, Node]:
    """Ten people of the advertiser in two cells, ten of the retailer, seven in common, one without a key."""
    mine, theirs = [f"n{i}" for i in range(9)] + [None], [f"n{i}" for i in range(2, 12)]
    columns = np.array([[1, i % 2, 10 * i] for i in range(10)])
    return pair(salted(threshold=0), values(mine), [i % 2 for i in range(10)], values(theirs), columns, seed=seed,
                **{**EXACT, **options})


def tokens(seen: list) -> list[bytes]:
    return [token.tobytes() for sent in seen if sent.step == "tokens" for token in sent.message.tuples.reshape(-1, 32)]


def test_a_token_is_kmac256_of_key_type_and_value_under_the_salt_of_the_run() -> None:
    """Recomputed with a library, from the salt that both sides derived."""
    one, two = small()
    exchange(one, two, until="tokens")
    salt = bytes(one.side._match._salt._salt)
    assert salt == bytes(two.side._match._salt._salt)
    assert any(salt)
    expected = {KMAC256.new(key=salt, mac_len=32, custom=LABEL, data=b"email\0n%d" % i).digest() for i in range(9)}
    sent = tokens(exchange(one, two))
    assert expected < set(sent)
    assert len(set(sent)) == len(sent) == 10  # the tenth is random: that person has no key


def test_tokens_of_two_runs_cannot_be_joined() -> None:
    assert not set(tokens(exchange(*small(seed=1)))) & set(tokens(exchange(*small(seed=2))))


def test_several_chunks_and_many_people() -> None:
    size = 4900
    names, order = [f"p{i}" for i in range(size)], np.random.default_rng(5).permutation(size)
    columns = np.ones((size, 3), dtype=np.int64)
    columns[:, 2] = np.arange(size) % 1001
    half = order[:4200]
    table, _ = tables(salted(threshold=0), values([names[i] for i in half]), [0] * len(half), values(names), columns,
                      **EXACT)
    assert (table.rows[0].people, table.rows[0].sums) == (4200, (4200, int(columns[half, 2].sum())))


def test_who_sends_what() -> None:
    """The retailer sends nothing about a person before the noised shares; the places of steps on the wire stay."""
    seen = exchange(*small())
    assert [(sent.role, sent.step) for sent in seen[4:7]] == [
        ("advertiser", "sizes"), ("retailer", "sizes"), ("advertiser", "tokens")]
    assert {sent.message.label for sent in seen} == {
        "hello", "account", "sizes", "points", "commitment", "opening", "receipt"}
    assert STEPS[:len(SCRIPT)] == SCRIPT
    assert ORDERS["ecdh-x25519-v1"] == tuple(range(len(SCRIPT)))
    assert [STEPS[place].name for place in ORDERS["salted-hash-v1"]][6] == "tokens"
