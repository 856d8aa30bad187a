import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cleanroom.measures.noise import Noised, Z, noise_variance, noised
from cleanroom.measures.statistics import (
    Interval,
    Level,
    Result,
    Undefined,
    census,
    combine,
    difference,
    mean,
    rate,
    ratio,
    relative,
    share,
    standardise,
)

VALUES = np.array([0, 0, 0, 1250, 300, 4075, 990, 0, 2210, 15, 870, 0], dtype=np.int64)
OTHERS = np.array([0, 0, 600, 0, 0, 120, 45, 3000, 0, 0, 0, 0, 70, 0, 455], dtype=np.int64)
CAP = 10_000


def exact(value: float) -> Noised:
    return noised(0, 0.0) + Noised(float(value), noised(0, 0.0).noise)


def exact_mean(values: np.ndarray) -> Level:
    found = mean(exact(values.sum()), exact((values**2).sum()), exact(len(values)), CAP)
    assert isinstance(found, Level)
    return found


def exact_rate(successes: int, people: int) -> Level:
    found = rate(exact(successes), exact(people))
    assert isinstance(found, Level)
    return found


def limits(found: Result | Interval) -> tuple[float, float]:
    assert not isinstance(found, Undefined)
    interval = found.interval() if isinstance(found, Level) else found
    return interval.low, interval.high


# Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998) 857:
# the worked examples of method 3 (score).
@pytest.mark.parametrize(("successes", "people", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)])
def test_rate_without_noise_is_wilson(successes, people, low, high):
    assert limits(exact_rate(successes, people)) == pytest.approx((low, high), abs=5e-5)


# Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17
# (1998) 873-890: the worked examples of method 10 (hybrid score).
@pytest.mark.parametrize(("first", "second", "expected"), [
    ((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)), ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)), ((10, 10), (0, 10), (0.6075, 1.0))])
def test_rate_difference_without_noise_is_newcombe(first, second, expected):
    assert limits(difference(exact_rate(*first), exact_rate(*second))) == pytest.approx(expected, abs=5e-5)


def test_mean_without_noise_is_students():
    expected = stats.ttest_1samp(VALUES, 0).confidence_interval(0.95)
    assert limits(exact_mean(VALUES)) == pytest.approx(tuple(expected))


def test_mean_difference_without_noise_is_welchs():
    expected = stats.ttest_ind(VALUES, OTHERS, equal_var=False).confidence_interval(0.95)
    assert limits(difference(exact_mean(VALUES), exact_mean(OTHERS))) == pytest.approx(tuple(expected))


def test_relative_of_symmetric_limits_is_fiellers():
    top, bottom = (Level(value, Z * se, Z * se, se**2, noised(0, 0.0).noise)
                   for value, se in ((12.0, 2.0), (10.0, 1.5)))
    g = (Z * 1.5 / 10) ** 2
    half = Z / 10 * math.sqrt(2.0**2 * (1 - g) + 1.2**2 * 1.5**2)
    expected = (1.2 - half) / (1 - g) - 1, (1.2 + half) / (1 - g) - 1
    assert limits(relative(top, bottom)) == pytest.approx(expected)


def test_rare_control_gives_a_one_sided_wide_but_finite_interval():
    low, high = limits(relative(exact_rate(5, 1000), exact_rate(2, 1000)))
    assert -1 < low < 0
    assert 1.5 < high < 100


def test_relative_of_nothing_starts_at_minus_one():
    low, high = limits(relative(exact_rate(0, 500), exact_rate(100, 500)))
    assert low == -1
    assert high > -1


def test_noise_of_a_rate_is_the_delta_method():
    found = rate(noised(30, 2.0), noised(100, 3.0))
    assert isinstance(found, Level)
    expected = (noise_variance(2.0) + 0.3**2 * noise_variance(3.0)) / 100**2
    assert found.noise.variance == pytest.approx(expected)
    assert found.interval().noise_se == pytest.approx(math.sqrt(expected))


def test_interval_joins_both_parts_as_squares():
    found = rate(noised(30, 2.0), noised(100, 3.0))
    assert isinstance(found, Level)
    low, high = limits(found)
    below, above = limits(exact_rate(30, 100))
    assert 0.3 - low == pytest.approx(math.hypot(0.3 - below, found.noise.half_width))
    assert high - 0.3 == pytest.approx(math.hypot(above - 0.3, found.noise.half_width))


@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_more_noise_never_narrows(one, more):
    narrow, wide = (limits(mean(noised(60_000, 100 * s), noised(10**8, 10**4 * s), noised(400, s), 1_000))
                    for s in (one, one + more))
    assert wide[0] <= narrow[0]
    assert wide[1] >= narrow[1]


def test_census_holds_noise_only_at_its_exact_quantile():
    found = census(noised(1_000, 10.0)).interval()
    assert (found.low, found.high) == (1_000 - 41, 1_000 + 41)
    assert found.sampling_se == 0


def test_share_of_an_exact_count():
    assert limits(share(noised(90, 0.0), 100)) == (0.9, 0.9)
    assert limits(share(noised(99, 10.0), 100)) == (pytest.approx(0.58), 1.0)
    assert share(noised(1, 1.0), 0) == Undefined("undefined_zero_denominator")


@pytest.mark.parametrize(("successes", "value", "note"), [
    (140, 1.0, "clamped"), (-9, 0.0, "clamped"), (50, 0.5, "")])
def test_impossible_rates_are_clamped_and_say_so(successes, value, note):
    found = rate(noised(successes, 4.0), noised(100, 4.0))
    assert isinstance(found, Level)
    assert (found.value, found.note) == (value, note)
    assert all(0 <= limit <= 1 for limit in limits(found))


@pytest.mark.parametrize(("people", "scale", "note"), [(0, 0.0, "undefined_zero_denominator"),
                                                       (-5, 3.0, "undefined_zero_denominator"),
                                                       (60, 10.0, "too_noisy")])
def test_bad_denominators_are_named(people, scale, note):
    heads = noised(people, scale)
    assert rate(exact(1), heads) == Undefined(note)
    assert mean(exact(1), exact(1), heads, CAP) == Undefined(note)
    assert ratio(exact(1), heads, exact(9), exact_mean(VALUES)) == Undefined(note)


def test_control_that_may_be_zero_makes_the_ratio_unbounded():
    assert relative(exact_rate(5, 100), exact_rate(0, 100)) == Undefined("too_noisy")
    assert relative(exact_mean(VALUES), exact_mean(np.array([0, 0, 0, 0, 9]))) == Undefined("too_noisy")


def test_negative_totals_keep_their_sign():
    found = mean(noised(-5_000, 2_000.0), noised(10, 50.0), exact(100), CAP)
    assert isinstance(found, Level)
    assert found.value == -50
    assert limits(found)[0] < -50 < limits(found)[1]


def test_variance_lost_in_noise_is_replaced_by_a_bound():
    lost = mean(exact(1_000), noised(-400, 1_000.0).scaled(10_000), exact(100), 50)
    assert isinstance(lost, Level)
    assert lost.sampling_variance == pytest.approx(10 * (50 - 10) * 100 / 99 / 100)


def test_variance_never_exceeds_what_the_cap_allows():
    found = mean(exact(1_000), exact(10**9), exact(100), 50)
    assert isinstance(found, Level)
    assert found.sampling_variance == pytest.approx(10 * (50 - 10) * 100 / 99 / 100)


def test_mean_without_squares_says_noise_only():
    found = mean(noised(1_000, 5.0), None, exact(100), CAP)
    assert isinstance(found, Level)
    assert (found.note, found.interval().sampling_se) == ("noise_only", None)
    assert limits(found) == pytest.approx((10 - 0.21, 10 + 0.21))


def test_one_person_has_no_variance():
    assert mean(exact(5), exact(25), exact(1), CAP) == Undefined("too_few_people")


def test_ratio_matches_the_delta_method_when_everybody_has_as_many_baskets():
    baskets = np.full(len(VALUES), 2)
    found = ratio(exact(VALUES.sum()), exact(baskets.sum()), exact(len(VALUES)), exact_mean(VALUES))
    assert isinstance(found, Level)
    r = VALUES.sum() / baskets.sum()
    spread = np.var(VALUES - r * baskets, ddof=1) * len(VALUES) / baskets.sum() ** 2
    assert found.value == pytest.approx(r)
    assert found.sampling_variance == pytest.approx(spread)


def test_standardised_rate_is_the_weighted_sum_with_newcombe_limits():
    strata = [(exact(300), exact_rate(10, 100)), (exact(100), exact_rate(30, 50))]
    found = standardise(strata)
    assert isinstance(found, Level)
    assert found.value == pytest.approx(0.75 * 0.1 + 0.25 * 0.6)
    assert found.below == pytest.approx(math.hypot(0.75 * strata[0][1].below, 0.25 * strata[1][1].below))


def test_noise_of_the_weights_widens_a_standardised_level():
    levels = [exact_rate(10, 100), exact_rate(30, 50)]
    found = standardise([(noised(300, 5.0), levels[0]), (noised(100, 5.0), levels[1])])
    assert isinstance(found, Level)
    shift = (0.1 - found.value) ** 2 + (0.6 - found.value) ** 2
    assert found.noise.variance == pytest.approx(shift * noise_variance(5.0) / 400**2)


def test_standardising_needs_every_stratum():
    missing = Undefined("suppressed")
    assert standardise([(exact(3), exact_rate(1, 9)), (exact(3), missing)]) == missing
    assert standardise([(exact(-3), exact_rate(1, 9))]) == Undefined("undefined_zero_denominator")
    assert standardise([]) == Undefined("undefined_zero_denominator")


def test_undefined_parts_pass_through():
    missing = Undefined("suppressed")
    assert difference(missing, exact_rate(1, 9)) == difference(exact_rate(1, 9), missing) == missing
    assert relative(missing, exact_rate(1, 9)) == relative(exact_rate(1, 9), missing) == missing
    assert ratio(exact(1), exact(2), exact(9), missing) == missing


def test_scaling_moves_every_part():
    found = exact_mean(VALUES).scaled(3)
    assert limits(found) == pytest.approx(tuple(3 * limit for limit in limits(exact_mean(VALUES))))
    assert found.interval().sampling_se == pytest.approx(3 * (exact_mean(VALUES).interval().sampling_se or 0))


def test_constant_values_have_no_spread():
    constant = exact_mean(np.full(50, 7))
    assert limits(difference(constant, constant)) == (0, 0)


totals = st.builds(noised, st.integers(-10**6, 10**6), st.floats(0, 10**5))


@given(st.tuples(totals, totals, totals, totals, totals, totals))
def test_nothing_is_ever_nan_or_infinite(drawn):
    one, two, three, four, five, six = drawn
    found = [rate(one, two), rate(three, four), mean(one, three, two, 500), mean(five, six, four, 500)]
    found += [difference(found[0], found[1]), difference(found[2], found[3]),
              ratio(one, three, two, found[2]), standardise([(two, found[2]), (four, found[3])])]
    lifts = [relative(found[0], found[1]), relative(found[2], found[3]), relative(found[3], found[0])]
    for result in [*found, *lifts]:
        if not isinstance(result, Undefined):
            interval = result.interval() if isinstance(result, Level) else result
            assert all(map(math.isfinite, (interval.value, interval.low, interval.high, interval.noise_se)))
            assert interval.low <= interval.value <= interval.high


def test_degrees_of_freedom_come_from_sampling_alone():
    noisy = [mean(noised(int(v.sum()), 900.0), exact((v**2).sum()), exact(len(v)), CAP)
             for v in (VALUES, OTHERS)]
    assert isinstance(noisy[0], Level)
    assert isinstance(noisy[1], Level)
    assert combine([(1.0, noisy[0]), (-1.0, noisy[1])]).df == pytest.approx(
        stats.ttest_ind(VALUES, OTHERS, equal_var=False).df)
