"""The additive encryption: exact encoding, exact sums, and nothing sent twice or out of range."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitives_kit import BACKEND, SeededEntropy

from cleanroom.errors import MisuseError
from cleanroom.primitives import encryption
from cleanroom.primitives.backend import Encryption
from cleanroom.primitives.encryption import encode, encrypt
from cleanroom.primitives.lattice import (
    Accumulator,
    Mask,
    PublicKey,
    SecretKey,
    expand_c1,
    mask_polynomial,
    masked_sums,
)
from cleanroom.primitives.parameters import MAX_WEIGHT, T
from cleanroom.primitives.ring import PRIMES, N, Q, intt, multiply, ntt, pack, residues, small_residues
from cleanroom.primitives.sampling import ETA

CTX = b"c" * 64
ONES = np.ones(N, dtype=np.int64)


class WorstEntropy:
    """Every error drawn from it +21; single words all ones, so that r = t - 1 and the flood is 2^62 - 1."""

    def bytes(self, size, /):
        return b"\xff" * 8 if size == 8 else ((2**21 - 1).to_bytes(8, "little") * size)[:size]


@pytest.fixture
def worst_errors(monkeypatch):
    """Every error of a ciphertext +21, too."""
    monkeypatch.setattr(encryption, "expand_binomial", lambda seed, index: np.full(N, ETA))


def run(values, selections, entropy):
    """Exact path of both parties: values (columns, rows), a boolean selection of rows. Opened sums by column."""
    secret = SecretKey.generate(CTX, entropy, BACKEND)
    key = PublicKey.from_peer(CTX, secret.public_key.b)
    total = Accumulator(len(values), BACKEND)
    for selection in selections:
        accumulate(total, secret_with_same_key(secret), values, selection)
    sums, shares = masked_sums(total, key, entropy, BACKEND)
    return combine(shares, secret.open_sums(sums))


def secret_with_same_key(secret):
    """The tests replay the same encryptions for a second cell; the product never does."""
    secret._next_block.clear()
    return secret


def accumulate(total, secret, values, selection):
    columns = range(len(values))
    for block in range(-(-values.shape[1] // N)):
        part = slice(block * N, (block + 1) * N)
        c0 = secret.begin_encrypt(columns, block, values[:, part]).result()
        total.add(Mask(selection[part], BACKEND), c0, expand_c1(CTX, secret.seed, columns, block))


def combine(ours, theirs):
    """The numbers whose two shares these are, in [-t/2, t/2)."""
    return ((ours + theirs + T // 2) % T - T // 2).tolist()


def one_block(values, seed=1):
    """An accumulator over all rows of one block, and R's key."""
    secret = SecretKey.generate(CTX, SeededEntropy(seed), BACKEND)
    total = Accumulator(len(values), BACKEND)
    accumulate(total, secret, values, np.ones(values.shape[1], dtype=bool))
    return total, secret


@settings(deadline=None)
@given(st.lists(st.integers(0, T - 1) | st.sampled_from([0, 1, T // 2 - 1, T // 2, T - 1]), min_size=1, max_size=50))
def test_encoding_is_the_rounded_quotient(values):
    expected = [[(Q * m + T // 2) // T % p for m in values] for p in PRIMES]
    assert encode(np.array(values)).tolist() == expected


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 2 * N), density=st.floats(0, 1))
def test_sum_of_any_rows_opens_exactly(seed, rows, density):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, T // 2 // (2 * N), (2, rows))
    selected = rng.random(rows) < density
    assert run(values, [selected], SeededEntropy(seed)) == values[:, selected].sum(axis=1).tolist()


def test_union_of_disjoint_cells():
    rng = np.random.default_rng(5)
    values, cell = rng.integers(0, 2**20, (3, 5000)), rng.integers(0, 3, 5000)
    opened = run(values, [cell == 0, cell == 2], SeededEntropy(5))
    assert opened == values[:, cell != 1].sum(axis=1).tolist()


@pytest.mark.usefixtures("worst_errors")
def test_the_worst_noise_and_flood_still_open_exactly():
    values = np.full((1, N), (T // 2 - 1) // N)
    assert run(values, [np.ones(N, dtype=bool)], WorstEntropy()) == [int(values.sum())]


def test_no_row_selected_opens_zero():
    assert run(np.full((1, 10), 7), [np.zeros(10, dtype=bool)], SeededEntropy(2)) == [0]


def test_shares_alone_say_nothing_of_the_sum():
    total, secret = one_block(np.full((1, 4), 1))
    _, shares = masked_sums(total, secret.public_key, WorstEntropy(), BACKEND)
    assert shares.tolist() == [1]  # -r mod t with r = t - 1


def test_masked_sums_of_the_same_total_differ():
    total, secret = one_block(np.full((1, 4), 100))
    entropy = SeededEntropy(3)
    first, ours = masked_sums(total, secret.public_key, entropy, BACKEND)
    second, others = masked_sums(total, secret.public_key, entropy, BACKEND)
    assert (first.c0 != second.c0).any()
    assert (first.c1 != second.c1).mean() > 0.99
    assert ours[0] != others[0]
    assert combine(ours, secret.open_sums(first)) == combine(others, secret.open_sums(second)) == [400]


def test_masked_sum_does_not_repeat_the_ciphertext():
    total, secret = one_block(np.full((1, 4), 100))
    sums, _ = masked_sums(total, secret.public_key, SeededEntropy(4), BACKEND)
    c0, c1 = total.totals()
    assert (sums.c1 != intt(c1)).mean() > 0.99
    assert (sums.c0 != c0).any()


def test_many_additions_stay_exact():
    secret = SecretKey.generate(CTX, SeededEntropy(6), BACKEND)
    mask = Mask(np.array([True, False, True]), BACKEND)
    c0 = secret.begin_encrypt(range(1), 0, np.array([[5, 6, 7]])).result()
    c1 = np.full((1, 4, N), min(PRIMES) - 1, dtype=np.uint64)
    total = Accumulator(1, BACKEND)
    for _ in range(1100):
        total.add(mask, c0, c1)
    product = multiply(mask.ntt, c1[0])
    expected = product * np.uint64(1100) % np.array(PRIMES, dtype=np.uint64)[:, None]
    assert (total.totals()[1][0] == expected).all()


def test_mask_polynomial_puts_the_selected_sum_in_the_constant_coefficient():
    rng = np.random.default_rng(7)
    values, selected = rng.integers(0, 2**12, 4000), rng.random(4000) < 0.5
    padded = np.zeros(N, dtype=np.int64)
    padded[:4000] = values
    product = intt(multiply(ntt(mask_polynomial(selected)), ntt(residues(padded))))
    assert product[:, 0].tolist() == [int(values[selected].sum())] * 4


def test_fresh_encryptions_of_equal_values_differ():
    secret = SecretKey.generate(CTX, SeededEntropy(8), BACKEND)
    same = np.ones((2, 10), dtype=np.int64)
    first, second = secret.begin_encrypt(range(2), 0, same).result(), secret.begin_encrypt(range(2), 1, same).result()
    assert len({pack(c) for c in (*first, *second)}) == 4


def test_a_block_of_a_column_is_encrypted_once():
    secret = SecretKey.generate(CTX, SeededEntropy(9), BACKEND)
    secret.begin_encrypt(range(2), 0, np.zeros((2, 1), dtype=np.int64)).result()
    secret.begin_encrypt(range(2, 3), 0, np.zeros((1, 1), dtype=np.int64)).result()
    with pytest.raises(MisuseError):
        secret.begin_encrypt(range(1, 2), 0, np.zeros((1, 1), dtype=np.int64)).result()


def test_an_encryption_done_again_is_the_same_and_one_column_alone_too():
    task = Encryption(CTX, b"s" * 32, range(3, 6), 7, np.arange(12).reshape(3, 4), BACKEND.ntt(small_residues(ONES)),
                      b"e" * 32)
    whole = encrypt(BACKEND, task)
    assert np.array_equal(whole, encrypt(BACKEND, task))
    assert np.array_equal(whole[1:2], encrypt(BACKEND, task.only(1)))


def test_an_encryption_after_the_key_was_wiped_is_misuse():
    secret = SecretKey.generate(CTX, SeededEntropy(11), BACKEND)
    job = secret.begin_encrypt(range(1), 0, np.zeros((1, 1), dtype=np.int64))
    secret.wipe()
    with pytest.raises(MisuseError):
        job.result()


@pytest.mark.parametrize("values", [np.array([[-1]]), np.array([[T // 2]]), np.zeros((1, N + 1), dtype=int),
                                    np.zeros((2, 1), dtype=int), np.zeros(1, dtype=int)])
def test_values_out_of_range_or_shape_are_misuse(values):
    secret = SecretKey.generate(CTX, SeededEntropy(10), BACKEND)
    with pytest.raises(MisuseError):
        secret.begin_encrypt(range(1), 0, values).result()


def test_ciphertexts_of_another_size_are_misuse():
    total, _ = one_block(np.ones((2, 4), dtype=np.int64))
    c0 = np.zeros((1, 4, N), dtype=np.uint32)
    with pytest.raises(MisuseError):
        total.add(Mask(np.ones(4, dtype=bool), BACKEND), c0, c0.astype(np.uint64))


def test_public_key_depends_on_the_run():
    b = np.zeros((4, N), dtype=np.uint32)
    assert (PublicKey.from_peer(b"run 1", b).a != PublicKey.from_peer(b"run 2", b).a).any()


def test_secrets_are_silent():
    total, secret = one_block(np.ones((1, 4), dtype=np.int64))
    sums, _ = masked_sums(total, secret.public_key, SeededEntropy(11), BACKEND)
    shown = [repr(x) for x in (secret, secret.public_key, total, sums, Mask(np.ones(1, dtype=bool), BACKEND))]
    assert shown == ["SecretKey", "PublicKey()", "Accumulator", "MaskedSums()", "Mask"]


def test_wiped_key_is_empty_and_neither_opens_nor_encrypts():
    total, secret = one_block(np.full((1, 4), 3))
    sums, _ = masked_sums(total, secret.public_key, SeededEntropy(12), BACKEND)
    secret.wipe()
    assert not secret._reflected.any()
    assert not secret._ntt.any()
    with pytest.raises(MisuseError):
        secret.open_sums(sums)
    with pytest.raises(MisuseError):
        secret.begin_encrypt(range(1), 1, np.zeros((1, 1), dtype=np.int64)).result()


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32))
def test_weighted_sums_are_exact_over_several_blocks(seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.integers(0, 2**20, (2, N + 7)), rng.integers(0, MAX_WEIGHT + 1, N + 7)
    assert run(values, [weights], SeededEntropy(seed)) == (values @ weights).tolist()


@pytest.mark.usefixtures("worst_errors")
def test_weighted_sums_are_exact_under_the_worst_errors():
    values, weights = np.full((1, N), 2**20), np.full(N, MAX_WEIGHT)
    assert run(values, [weights], WorstEntropy()) == [2**20 * MAX_WEIGHT * N]


@pytest.mark.parametrize("weight", [-1, MAX_WEIGHT + 1])
def test_weights_beyond_the_parameter_check_are_misuse(weight):
    with pytest.raises(MisuseError, match="times"):
        Mask(np.array([1, weight]), BACKEND)
