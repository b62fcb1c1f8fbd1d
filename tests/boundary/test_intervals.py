"""Intervals cover what they claim to, equal enumeration on small data, and never claim certainty."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import beta, norm, t

from prorl.boundary.estimators import pass_at_k
from prorl.boundary.intervals import Interval, mean_interval, mean_intervals, resampled_means


def _coverage(strata: tuple[int, ...], shape: tuple[float, float], k: int, gain: float, repetitions: int) -> float:
    rng = np.random.default_rng(20)
    population = rng.beta(*shape, 1_000_000)
    hits = 0
    truth = np.mean(1 - (1 - population) ** k) if gain < 0 else np.mean(gain * (1 - population))
    for _ in range(repetitions):
        rates = [rng.beta(*shape, problems) for problems in strata]
        if gain < 0:
            values = [pass_at_k(np.full(len(p), 16), rng.binomial(16, p), k) for p in rates]
        else:
            values = [(rng.binomial(16, p + gain * (1 - p)) - rng.binomial(16, p)) / 16 for p in rates]
        interval = mean_interval(values, rng, bounds=(0 if gain < 0 else -1, 1), resamples=1000)
        hits += interval.low <= truth <= interval.high
    return hits / repetitions


@pytest.mark.parametrize(
    ("strata", "shape", "k", "gain"),
    [
        ((24,), (0.5, 2.0), 1, -1.0),
        ((60,), (0.5, 2.0), 1, -1.0),
        ((12,) * 12, (0.3, 2.0), 1, -1.0),
        ((12,) * 12, (0.3, 2.0), 16, -1.0),
        ((24,), (0.5, 2.0), 1, 0.1),
        ((12,) * 12, (0.5, 2.0), 1, 0.0),
    ],
    ids=["task", "large task", "suite", "suite pass@16", "gain of a task", "no gain of a suite"],
)
def test_ninety_five_per_cent_intervals_cover_that_often(
    strata: tuple[int, ...], shape: tuple[float, float], k: int, gain: float
) -> None:
    assert 0.93 <= _coverage(strata, shape, k, gain, 800) <= 0.97


def _by_enumeration(values: np.ndarray, level: float) -> tuple[float, float]:
    """BCa with expanded quantiles from all n^n resamples, acceleration by the jackknife."""
    n = len(values)
    means = np.array([np.mean(drawn) for drawn in product(values, repeat=n)])
    estimate = values.mean()
    ties = np.isclose(means, estimate, atol=1e-12)
    bias = norm.ppf(np.mean((means < estimate) & ~ties) + np.mean(ties) / 2)
    left_out = np.array([np.delete(values, i).mean() for i in range(n)])
    spread = left_out.mean() - left_out
    acceleration = np.sum(spread**3) / (6 * np.sum(spread**2) ** 1.5)
    tail = t.ppf((1 + level) / 2, n - 1) * np.sqrt(n / (n - 1))
    z = bias + np.array([-tail, tail])
    return tuple(np.quantile(means, norm.cdf(bias + z / (1 - acceleration * z))))


def test_equals_enumeration_of_all_resamples() -> None:
    values = np.array([0.0, 0.1, 0.15, 0.4, 0.55, 0.3])
    low, high = _by_enumeration(values, 0.8)
    interval = mean_interval([values], np.random.default_rng(0), level=0.8, resamples=400_000)
    assert interval.estimate == pytest.approx(0.25)
    assert interval.low == pytest.approx(low, abs=0.003)
    assert interval.high == pytest.approx(high, abs=0.003)


def test_a_suite_is_the_mean_of_its_tasks_whatever_their_sizes() -> None:
    small, large = np.array([1.0, 0.9, 1.0, 0.8]), np.linspace(0.0, 0.2, 200)
    interval = mean_interval([small, large], np.random.default_rng(0))
    assert interval.estimate == pytest.approx((0.925 + 0.1) / 2)


@pytest.mark.parametrize("problems", [1, 12, 300])
def test_nothing_solved_is_bounded_like_clopper_and_pearson(problems: int) -> None:
    interval = mean_interval([np.zeros(problems)], np.random.default_rng(0))
    assert (interval.estimate, interval.low) == (0.0, 0.0)
    assert interval.high == pytest.approx(beta.ppf(0.975, 1, problems))


def test_everything_solved_mirrors_nothing_solved() -> None:
    interval = mean_interval([np.ones(12)], np.random.default_rng(0))
    assert (interval.estimate, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(1 - beta.ppf(0.975, 1, 12))


def test_equal_differences_leave_room_on_both_sides() -> None:
    interval = mean_interval([np.zeros(12)], np.random.default_rng(0), bounds=(-1.0, 1.0))
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / 12))
    assert interval.low == -interval.high
    assert not interval.excludes(0.0)


def test_tasks_without_spread_widen_a_suites_interval() -> None:
    rng = np.random.default_rng(3)
    varied = [rng.uniform(0, 0.4, 12) for _ in range(4)]
    narrow = mean_interval([*varied], np.random.default_rng(0))
    mixed = mean_interval([*varied, np.zeros(12)], np.random.default_rng(0))
    bootstrap_only = (narrow.high - narrow.estimate) * 4 / 5
    unseen_only = (1 - 0.025 ** (1 / 12)) / 5
    assert mixed.high - mixed.estimate == pytest.approx(np.hypot(bootstrap_only, unseen_only), rel=0.02)


def test_stays_within_the_bounds_and_repeats_with_the_seed() -> None:
    values = [np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])]
    first, second = (mean_interval(values, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert 0.0 <= first.low <= first.estimate <= first.high <= 1.0


def test_excluding_is_strict() -> None:
    assert Interval(0.2, 0.1, 0.3).excludes(0.0)
    assert not Interval(0.2, 0.0, 0.3).excludes(0.0)


def test_no_data_is_an_error() -> None:
    for strata in ([], [np.array([])]):
        with pytest.raises(ValueError, match="at least one"):
            mean_interval(strata, np.random.default_rng(0))


def test_columns_with_and_without_spread_have_the_intervals_they_have_alone() -> None:
    rng = np.random.default_rng(8)
    strata = [
        np.stack([rng.uniform(0, 1, size), np.zeros(size), np.repeat([0.0, 1.0], size // 2)]) for size in (12, 20)
    ]
    together = mean_intervals(strata, np.random.default_rng(1))
    for column, found in enumerate(together):
        alone = mean_interval([values[column] for values in strata], np.random.default_rng(1))
        assert (found.estimate, found.low, found.high) == pytest.approx((alone.estimate, alone.low, alone.high))
    assert together[1].low == together[1].estimate == 0.0


def test_resampled_means_have_the_variance_of_a_stratified_mean() -> None:
    first, second = np.array([[0.0, 1.0, 0.5]]), np.array([[0.2, 0.4]])
    means = resampled_means([first, second], np.random.default_rng(0), 200_000)[:, 0]
    assert means.mean() == pytest.approx((0.5 + 0.3) / 2, abs=0.001)
    assert means.var() == pytest.approx((first.var() / 3 + second.var() / 2) / 4, rel=0.02)
