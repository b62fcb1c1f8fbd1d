"""What the paired test is given: the estimates' own differences, or those of equally many samples."""

import numpy as np
import polars as pl
import pytest

from prorl.boundary.contrasts import ROSE, UNDECIDED, contrasts
from prorl.boundary.differences import differences, swappable_differences, thinned
from prorl.boundary.paired import TOLERANT, pair
from prorl.boundary.regimes import UNDECIDED as NO_REGIME
from prorl.boundary.regimes import regimes
from prorl.boundary.self_test.made_up import counts
from prorl.boundary.self_test.made_up import frame as exact


def test_equally_many_samples_are_taken_as_they_are() -> None:
    paired = pair({"b": exact({"x": [1, 0], "y": [2]}, 4), "t": exact({"x": [3, 1], "y": [4]}, 4)})
    for found in (differences, swappable_differences):
        x, y = found(paired, "b", "t", "overall", (1, 2))
        assert x == pytest.approx(np.array([[0.5, 0.25], [0.5, 0.5]]))
        assert y[0].tolist() == [0.5]


def test_of_more_samples_as_many_are_drawn_as_the_other_has() -> None:
    n, c, kept = np.array([64, 64, 64, 4]), np.array([0, 16, 64, 1]), np.array([8, 8, 8, 4])
    drawn = np.stack([thinned(n, c, kept, np.random.default_rng(seed)) for seed in range(2000)])
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 2] == 8).all()
    assert (drawn[:, 3] == 1).all()
    assert drawn[:, 1].mean() == pytest.approx(2.0, abs=0.1)
    assert drawn[:, 1].var() == pytest.approx(8 * 0.25 * 0.75 * 56 / 63, abs=0.12)


def test_what_is_drawn_follows_from_the_seed() -> None:
    paired = pair({"b": exact({"x": [4] * 20}, 16), "t": exact({"x": [90] * 20}, 256)})
    first, again, other = (swappable_differences(paired, "b", "t", "x", (1, 8), seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert set(first[0] * 16 % 1) == {0.0}, "differences of counts of 16"
    assert swappable_differences(paired, "b", "t", "x", (1,), TOLERANT)[0].shape == (1, 20)


def _unlike(rng: np.random.Generator) -> dict[str, pl.DataFrame]:
    """The same rare successes of 12 problems, seen in 16, 256 and 16 samples."""
    true = {"x": np.full(12, 0.01)}
    return {name: counts(true, samples, rng) for name, samples in (("base", 16), ("middle", 256), ("final", 256))}


def test_more_samples_of_the_same_model_are_no_change() -> None:
    """The estimates' own differences are mostly +0.01: their signs are not free, and 1 in 7 such pairs was claimed."""
    rng = np.random.default_rng(0)
    small, claims = 0, 0
    for seed in range(400):
        frames = _unlike(rng)
        paired = pair({"base": frames["base"], "tuned": frames["final"]})
        row = contrasts(paired, (1,), 1, names=["x"], seed=seed, resamples=1000)[0]
        small += row.p_value[1] < 0.05
        claims += row.accuracy != UNDECIDED
    assert small / 400 <= 0.07
    assert claims / 400 <= 0.05


def test_a_true_rise_is_still_found() -> None:
    rng = np.random.default_rng(2)
    base, tuned = (counts({"x": np.full(12, rate)}, samples, rng) for rate, samples in ((0.1, 16), (0.5, 256)))
    assert contrasts(pair({"b": base, "t": tuned}), (1, 16), 16, names=["x"])[0].accuracy == ROSE


def test_regimes_are_tested_on_equally_many_samples_too() -> None:
    rng = np.random.default_rng(1)
    small = 0
    for seed in range(150):
        frames = _unlike(rng)
        row = regimes(pair(frames), ("base", "middle", "final"), 1, names=["overall"], seed=seed, resamples=1000)[0]
        small += row.p_corrected[0] < 0.025
        assert row.regime == NO_REGIME
    assert small / 150 <= 0.05
