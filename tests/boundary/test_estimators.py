"""pass@k against enumeration of every subset, and against the published values."""

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prorl.boundary.estimators import boundary_k, k_grid, noise_of_pass_at_k, pass_at_k, pass_at_ks


@pytest.mark.parametrize("n", range(1, 9))
def test_equals_the_share_of_all_subsets_that_hold_a_success(n: int) -> None:
    for c in range(n + 1):
        scores = [1] * c + [0] * (n - c)
        for k in range(1, n + 1):
            subsets = list(combinations(scores, k))
            expected = sum(any(subset) for subset in subsets) / len(subsets)
            assert pass_at_k([n], [c], k)[0] == pytest.approx(expected, abs=1e-12)


def test_two_of_256_is_the_curve_that_looks_solved_at_256() -> None:
    curve = [float(pass_at_k([256], [2], k)[0]) for k in (1, 2, 4, 8, 16, 32, 64, 128, 256)]
    assert [round(value, 3) for value in curve] == [0.008, 0.016, 0.031, 0.062, 0.121, 0.235, 0.438, 0.751, 1.0]


def test_problems_may_have_different_numbers_of_samples() -> None:
    together = pass_at_k([16, 64, 4], [3, 1, 0], 4)
    apart = [float(pass_at_k([n], [c], 4)[0]) for n, c in ((16, 3), (64, 1), (4, 0))]
    assert together.tolist() == apart


@settings(deadline=None)
@given(st.integers(1, 2000), st.data())
def test_is_a_probability_that_grows_with_k_and_with_successes(n: int, data: st.DataObject) -> None:
    c = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    value = pass_at_k([n], [c], k)[0]
    assert 0.0 <= value <= 1.0
    assert (value == 0.0) == (c == 0)
    if c < n:
        assert pass_at_k([n], [c + 1], k)[0] >= value
    if k < n:
        assert pass_at_k([n], [c], k + 1)[0] >= value - 1e-12
    assert pass_at_k([n], [c], n)[0] == float(c > 0)


def test_estimate_is_unbiased_in_simulation() -> None:
    rng = np.random.default_rng(0)
    successes = rng.binomial(16, 0.1, 200_000)
    assert pass_at_k(np.full(200_000, 16), successes, 8).mean() == pytest.approx(1 - 0.9**8, abs=0.002)


def test_refuses_what_it_cannot_estimate() -> None:
    with pytest.raises(ValueError, match="pass@8 needs at least 8 samples of every problem; one has 4"):
        pass_at_k([16, 4], [1, 1], 8)
    with pytest.raises(ValueError, match="between 0 and the number"):
        pass_at_k([4], [5], 1)
    with pytest.raises(ValueError, match="k >= 1"):
        pass_at_k([4], [1], 0)


def test_grid_doubles_and_ends_at_the_number_of_samples() -> None:
    assert k_grid(16) == (1, 2, 4, 8, 16)
    assert k_grid(24) == (1, 2, 4, 8, 16, 24)
    assert k_grid(1) == (1,)


@pytest.mark.parametrize("c", [1, 2, 300, 16_383])
def test_stays_exact_at_sixteen_thousand_samples(c: int) -> None:
    ks = (1, 2, 128, 8192, 16_383, 16_384)
    exact = [float(1 - Fraction(comb(16_384 - c, k), comb(16_384, k))) for k in ks]
    assert pass_at_ks([16_384], [c], ks)[:, 0] == pytest.approx(exact, rel=1e-11)


def test_a_curve_is_each_of_its_points() -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(32, 300, 500)
    c = rng.binomial(n, 0.05)
    assert np.array_equal(pass_at_ks(n, c, (1, 8, 32)), np.stack([pass_at_k(n, c, k) for k in (1, 8, 32)]))


def test_many_problems_are_worked_out_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    n, c = np.full(40, 20), np.arange(40) % 21
    whole = pass_at_ks(n, c, (1, 7))
    monkeypatch.setattr("prorl.boundary.estimators._CELLS", 21)
    assert np.array_equal(pass_at_ks(n, c, (1, 7)), whole)


@pytest.mark.parametrize("k", [1, 4])
def test_noise_is_the_variance_over_repeated_sampling(k: int) -> None:
    rng = np.random.default_rng(2)
    c = rng.binomial(16, 0.1, 300_000)
    n = np.full(len(c), 16)
    assert noise_of_pass_at_k(n, c, k).mean() == pytest.approx(pass_at_k(n, c, k).var(), rel=0.02)
    with pytest.raises(ValueError, match="at least 18"):
        noise_of_pass_at_k([16], [1], 9)


def test_the_boundary_is_read_at_128_or_where_the_samples_end() -> None:
    assert [boundary_k(n) for n in (16, 128, 1024)] == [16, 128, 128]
