"""X25519 and point checks against RFC 7748 and Wycheproof."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitives_kit import BACKEND, SeededEntropy, points, random_points, vectors

from cleanroom.errors import MisuseError, PeerViolationError
from cleanroom.primitives.curve import P, batch_inverse

BASE = (9).to_bytes(32, "little")

RFC_7748 = [  # §5.2: scalar, u-coordinate, result
    ("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
    ("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"),
]
RFC_7748_AFTER_1 = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
RFC_7748_AFTER_1000 = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"


def wycheproof():
    return [case for group in vectors("wycheproof-x25519.json")["testGroups"] for case in group["tests"]]


def accepted(point):
    try:
        BACKEND.check_points(points(point))
    except PeerViolationError:
        return False
    return True


@pytest.mark.parametrize(("scalar", "u", "expected"), RFC_7748)
def test_rfc_7748_single(scalar, u, expected):
    assert BACKEND.power(bytes.fromhex(scalar), points(bytes.fromhex(u))).tobytes().hex() == expected


def test_rfc_7748_iterated():
    k = u = BASE
    seen = []
    for _ in range(1000):
        k, u = BACKEND.power(k, points(u)).tobytes(), k
        seen.append(k.hex())
    assert (seen[0], seen[-1]) == (RFC_7748_AFTER_1, RFC_7748_AFTER_1000)


def test_wycheproof_results_and_refusal_of_zero():
    cases = wycheproof()
    assert len(cases) == 518
    for case in cases:
        scalar, u = bytes.fromhex(case["private"]), points(bytes.fromhex(case["public"]))
        if case["shared"] == "00" * 32:
            with pytest.raises(PeerViolationError):
                BACKEND.power(scalar, u)
        else:
            assert BACKEND.power(scalar, u).tobytes().hex() == case["shared"], case["tcId"]


def test_wycheproof_point_check_refuses_twist_small_order_and_non_canonical():
    for case in wycheproof():
        public = bytes.fromhex(case["public"])
        expected = not {"Twist", "LowOrderPublic"} & set(case["flags"]) and 0 < int.from_bytes(public, "little") < P
        assert accepted(public) == expected, case["tcId"]
        assert not (expected and "NonCanonicalPublic" in case["flags"]), case["tcId"]


@pytest.mark.parametrize("u", [0, P, P + 9, 2**255 + 9, 2**256 - 1])
def test_zero_and_non_canonical_points_are_refused(u):
    assert not accepted(u.to_bytes(32, "little"))


def test_refusals_name_the_index_and_nothing_else():
    bad = (2).to_bytes(32, "little")  # on the twist
    with pytest.raises(PeerViolationError) as check:
        BACKEND.check_points(points(BASE, BASE, bad))
    with pytest.raises(PeerViolationError) as power:
        BACKEND.power(BASE, points(BASE, bytes(32)))
    assert check.value.where == "point 2"
    assert power.value.where == "point 1"


def test_index_is_counted_over_chunks():
    with pytest.raises(PeerViolationError) as caught:
        BACKEND.power_each(random_points(1, 600), bytes(32))
    assert caught.value.where == "point 0"
    good = BACKEND.power_base(random_points(2, 1030))
    good[1029] = 0
    with pytest.raises(PeerViolationError) as caught:
        BACKEND.power(BASE, good)
    assert caught.value.where == "point 1029"


def test_powers_commute_and_stay_on_the_curve():
    a, b = SeededEntropy(3).bytes(32), random_points(4, 3)
    left = BACKEND.power(a, BACKEND.power_base(b))
    right = BACKEND.power_each(b, BACKEND.power_base(points(a)).tobytes())
    assert left.tolist() == right.tolist()
    BACKEND.check_points(left)


def test_no_points_give_no_points():
    empty = points()
    assert BACKEND.power(BASE, empty).shape == BACKEND.power_base(empty).shape == (0, 32)
    BACKEND.check_points(empty)


@pytest.mark.parametrize("array", [points(BASE).astype("int64"), points(BASE)[0], points(BASE)[:, :31]])
def test_wrong_arrays_are_misuse(array):
    with pytest.raises(MisuseError):
        BACKEND.power(BASE, array)


@pytest.mark.parametrize("scalar", [b"", bytes(31), bytes(33)])
def test_wrong_scalars_are_misuse(scalar):
    with pytest.raises(MisuseError):
        BACKEND.power(scalar, points(BASE))


@settings(deadline=None)
@given(st.lists(st.integers(0, P - 1) | st.just(0), max_size=20))
def test_batch_inverse(values):
    expected = [pow(value, -1, P) if value else 0 for value in values]
    assert batch_inverse(values) == expected
