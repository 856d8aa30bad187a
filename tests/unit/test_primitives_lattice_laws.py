"""What hides columns and selections is what is left of a ciphertext once everything known is taken away.

The tests know s, u, r and the messages, subtract them, and check the law of the remainder: centred binomial errors,
the uniform flood. Sums would open just as exactly without any of these terms, so no other test would miss one.
"""

from math import comb

import numpy as np
import pytest
from primitives_kit import BACKEND, SeededEntropy
from scipy.stats import chi2, kstest

from cleanroom.primitives import lattice
from cleanroom.primitives.encryption import encode
from cleanroom.primitives.lattice import Accumulator, Mask, SecretKey, expand_c1, masked_sums, reflect
from cleanroom.primitives.parameters import T, worst_noise
from cleanroom.primitives.ring import PRIMES, N, Q, intt, multiply, ntt, small_residues

ETA, FLOOD_BITS = 21, 62  # of the security argument, not whatever the code says
CTX = b"laws" * 16
COLUMNS = range(32)
VALUES = np.random.default_rng(1).integers(0, 2**30, (len(COLUMNS), 3000))
SELECTED = np.random.default_rng(2).random(3000) < 0.4
RARE = 1e-9  # a law is refused when a sample is as unlikely as this
BINOMIAL = {x: comb(2 * ETA, x + ETA) / 4**ETA for x in range(-ETA, ETA + 1)}
P = np.array(PRIMES, dtype=np.int64)


def centred(residues):
    """(..., 4, n) residues of small numbers as signed numbers (..., n); the four primes must agree."""
    signed = np.asarray(residues).astype(np.int64) % P[:, None]
    signed = np.where(signed > P[:, None] // 2, signed - P[:, None], signed)
    assert (signed == signed[..., :1, :]).all(), "not a small number"
    return signed[..., 0, :]


def times(factors, polynomial):
    """factors · polynomial, coefficient form, int64; `factors` in NTT form, `polynomial` small."""
    return intt(multiply(factors, ntt(small_residues(polynomial)))).astype(np.int64)


def assert_law(sample, law):
    """Pearson's test against the probabilities of `law`, rare values taken together."""
    values, sample = list(law), np.asarray(sample).ravel()
    assert set(np.unique(sample)) <= set(values)
    expected = sample.size * np.array([law[value] for value in values])
    found = np.array([(sample == value).sum() for value in values])
    rare = expected < 10
    if rare.any():
        expected = np.append(expected[~rare], expected[rare].sum())
        found = np.append(found[~rare], found[rare].sum())
    assert ((found - expected) ** 2 / expected).sum() < chi2.isf(RARE, len(expected) - 1)


def assert_errors(errors):
    """Rows of centred binomial errors, η = 21: variance 21/2, drawn afresh for each row."""
    assert np.abs(errors).max() <= ETA
    assert abs(errors.mean()) < 6 * np.sqrt(ETA / 2 / errors.size)
    assert abs(errors.var() / (ETA / 2) - 1) < 6 * np.sqrt(2 / errors.size)
    assert_law(errors, BINOMIAL)
    rows = errors.reshape(-1, N)
    assert len({row.tobytes() for row in rows}) == len(rows)
    others = np.corrcoef(rows)[~np.eye(len(rows), dtype=bool)] if len(rows) > 1 else np.zeros(1)
    assert np.abs(others).max() < 7 / np.sqrt(N)


def assert_ternary(rows):
    """Rows uniform on {-1, 0, 1} and drawn afresh."""
    assert_law(rows, {-1: 1 / 3, 0: 1 / 3, 1: 1 / 3})
    others = np.corrcoef(rows)[~np.eye(len(rows), dtype=bool)]
    assert np.abs(others).max() < 7 / np.sqrt(N)


def secret_of(key):
    """s, from the reflection the key keeps."""
    return reflect(key._reflected)


@pytest.fixture(scope="module")
def run():
    """R's key, the ciphertexts of one block of 32 columns, and A's accumulated selection."""
    key = SecretKey.generate(CTX, SeededEntropy(1), BACKEND)
    c0, c1 = key.begin_encrypt(COLUMNS, 0, VALUES).result(), expand_c1(CTX, key.seed, COLUMNS, 0)
    total = Accumulator(len(COLUMNS), BACKEND)
    total.add(Mask(SELECTED, BACKEND), c0, c1)
    return key, c0, c1, total


def overheard(patch, name):
    """All that a sampler of the module gives from now on."""
    kept, draw = [], getattr(lattice, name)

    def listen(*args):
        kept.append(draw(*args))
        return kept[-1]

    patch.setattr(lattice, name, listen)
    return kept


@pytest.fixture(scope="module")
def sent(run):
    """Eight times all sums: messages and shares, with every u that A drew."""
    key, _, _, total = run
    entropy = SeededEntropy(2)
    with pytest.MonkeyPatch.context() as patch:
        drawn = overheard(patch, "ternary")
        messages = [masked_sums(total, key.public_key, entropy, BACKEND) for _ in range(8)]
    return messages, drawn


def test_the_secret_is_uniform_ternary_and_of_one_run():
    entropy = SeededEntropy(3)
    assert_ternary(np.stack([secret_of(SecretKey.generate(CTX, entropy, BACKEND)) for _ in range(12)]))


def test_the_key_that_encrypts_is_the_key_that_opens(run):
    key = run[0]
    assert (key._ntt == ntt(small_residues(secret_of(key)))).all()


def test_the_public_key_hides_the_secret_behind_errors():
    """b + a s = e."""
    entropy = SeededEntropy(4)
    keys = [SecretKey.generate(CTX, entropy, BACKEND) for _ in range(12)]
    assert_errors(np.stack([centred(key.public_key.b + times(key.public_key.a, secret_of(key))) for key in keys]))


def test_every_ciphertext_has_errors_of_its_own(run):
    """c0 + c1 s - Δ(m) = e, for each column and block, other than the public key's."""
    key, c0, c1, _ = run
    secret = secret_of(key)
    padded = np.zeros((len(COLUMNS), N), dtype=np.int64)
    padded[:, :VALUES.shape[1]] = VALUES
    first = centred(c0 + times(c1, secret) - encode(padded).astype(np.int64))
    again = key.begin_encrypt(COLUMNS, 1, VALUES).result() + times(expand_c1(CTX, key.seed, COLUMNS, 1), secret)
    second = centred(again - encode(padded).astype(np.int64))
    public = centred(key.public_key.b + times(key.public_key.a, secret))
    assert_errors(np.concatenate([first, second, public[None]]))


def test_each_sum_has_a_fresh_ternary_u(sent):
    _, drawn = sent
    assert [len(u) for u in drawn] == [len(COLUMNS)] * 8
    assert_ternary(np.concatenate(drawn))


def test_the_polynomial_of_a_sum_is_a_fresh_ring_lwe_sample(run, sent):
    """C1 - Σ w c1 - a u = e2."""
    key, _, _, total = run
    messages, drawn = sent
    selected = intt(total.totals()[1]).astype(np.int64)
    left = [centred(message.c1 - selected - np.stack([times(key.public_key.a, each) for each in u]))
            for (message, _), u in zip(messages[:4], drawn, strict=False)]
    assert_errors(np.concatenate(left))


def opened(key, message):
    """v = C0 + (C1 s)_0 modulo q, as whole numbers."""
    residues = (message.c0.astype(np.int64) + message.c1.astype(np.int64) @ key._reflected) % P
    crt = [Q // p * pow(Q // p, -1, p) for p in PRIMES]
    return [sum(int(residue) * weight for residue, weight in zip(row, crt, strict=True)) % Q for row in residues]


def floods(run, sent):
    """v - Δ(sum + r), signed: the flood and, far below it, the noise of rows and re-randomisation."""
    sums = VALUES[:, SELECTED].sum(axis=1).tolist()
    left = []
    for message, shares in sent[0]:
        for v, total, share in zip(opened(run[0], message), sums, shares.tolist(), strict=True):
            encoded = (Q * ((total - share) % T) + T // 2) // T
            left.append((v - encoded + Q // 2) % Q - Q // 2)
    return left


def test_the_opened_coefficient_is_flooded_over_its_whole_range(run, sent):
    left = floods(run, sent)
    reach = 2**FLOOD_BITS
    assert max(abs(x) for x in left) <= reach + worst_noise(int(SELECTED.sum()))
    assert max(left).bit_length() == min(left).bit_length() == FLOOD_BITS
    assert len(set(left)) == len(left)
    assert kstest([(x + reach) / (2 * reach) for x in left], "uniform").pvalue > RARE
    for low in (40, 50):  # bits far above the noise, far below the top: uniform too
        assert_law([x >> low & 3 for x in left], dict.fromkeys(range(4), 0.25))


def test_the_mask_of_a_sum_is_uniform_and_fresh(sent):
    shares = np.concatenate([shares for _, shares in sent[0]])
    assert len(set(shares.tolist())) == len(shares)
    assert kstest(shares / T, "uniform").pvalue > RARE


def test_the_opened_coefficient_has_an_error_of_its_own(run, monkeypatch):
    """C0 - (Σ w c0)_0 - (b u)_0 - Δ(r) - f = e1."""
    key, _, _, total = run
    bits, trits = overheard(monkeypatch, "uniform_bits"), overheard(monkeypatch, "ternary")
    entropy, left = SeededEntropy(5), []
    for _ in range(8):
        message, shares = masked_sums(total, key.public_key, entropy, BACKEND)
        known = total.totals()[0].astype(np.int64) + reflect(trits[-1]) @ key.public_key.b.astype(np.int64).T % P
        known += encode(-shares[:, None] % T)[..., 0].astype(np.int64)
        flood = (bits[-1] - 2**FLOOD_BITS)[:, None] % P
        left.append(centred((message.c0 - known - flood)[..., None])[:, 0])
    errors = np.concatenate(left)
    assert np.abs(errors).max() <= ETA
    assert abs(errors.var() / (ETA / 2) - 1) < 6 * np.sqrt(2 / errors.size)
    assert_law(errors, BINOMIAL)
