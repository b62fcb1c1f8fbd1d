"""Histograms of pass@1, Dang's bound, and partial credit that would be drawn as success."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.boundary.curves import curves
from prorl.boundary.floors import artefact_curve, floors
from prorl.boundary.paired import pair
from prorl.boundary.self_test.made_up import counts
from prorl.boundary.self_test.made_up import frame as exact
from prorl.boundary.spread import dang_bound, spread
from prorl.tasks.names import OVERALL

KS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PUBLISHED = [0.008, 0.016, 0.031, 0.062, 0.121, 0.235, 0.438, 0.751, 1.000]
"""group_anagrams of both trained models in the paper's appendix."""


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(2, 500))
def test_no_rates_beat_the_bound_of_their_moments(rates: list[float], k: int) -> None:
    values = np.array(rates)
    both_fail = (1 - values.mean()) ** 2 + values.var()
    assert np.mean(1 - (1 - values) ** k) <= dang_bound(both_fail, k) + 1e-9


def test_equal_rates_reach_the_bound() -> None:
    assert dang_bound(0.9**2, 10) == pytest.approx(1 - 0.9**10)
    with pytest.raises(ValueError, match="k >= 2"):
        dang_bound(0.5, 1)


def test_moments_have_no_sampling_noise_in_the_mean() -> None:
    rng = np.random.default_rng(0)
    paired = pair({"m": counts({"x": np.full(50_000, 0.3)}, 4, rng)})
    found = spread(paired, "m", "x", KS)
    assert found.mean == pytest.approx(0.3, abs=0.005)
    assert found.variance == pytest.approx(0.0, abs=0.003)
    assert np.var(paired.counts["m"]["x"].c / 4) > 0.05
    assert found.bound[8] == pytest.approx(1 - 0.7**8, abs=0.01)


def test_histogram_keeps_never_and_always_apart() -> None:
    paired = pair({"m": exact({"x": [0, 0, 1, 5, 10, 10, 10, 9], "y": [10]}, 10)})
    found = spread(paired, "m", "x", KS)
    assert (found.never, found.always) == (2 / 8, 3 / 8)
    assert [round(8 * share) for share in found.between] == [0, 1, 0, 0, 0, 1, 0, 0, 0, 1]
    overall = spread(paired, "m", OVERALL, KS)
    assert overall.always == pytest.approx((3 / 8 + 1) / 2)
    assert overall.never + sum(overall.between) + overall.always == pytest.approx(1.0)
    assert json.loads(json.dumps(overall.to_dict(), allow_nan=False)) == overall.to_dict()


def test_one_sample_of_each_problem_has_no_bound() -> None:
    assert spread(pair({"m": exact({"x": [0, 1]}, 1)}), "m", "x", KS).bound == {}


def test_the_published_group_anagrams_curve_comes_from_scores_of_one_hundredth() -> None:
    assert [round(value, 3) for value in artefact_curve(256, 0.01, KS)] == PUBLISHED


def test_on_such_samples_the_estimate_is_zero_and_there_is_a_warning() -> None:
    frame = exact({"group_anagrams": [0] * 20}, 256).with_columns(score=pl.lit(0.01))
    paired = pair({"tuned": frame})
    assert {interval.estimate for interval in curves(paired, "tuned", KS)[0].strict.values()} == {0.0}
    found = floors(paired, 128)[0]
    assert (found.floor, found.unsolved, found.paid, found.strict) == (0.01, 20, 20, 0.0)
    assert round(found.drawn, 3) == 0.751
    assert "draw pass@128 = 0.751 where it is 0.000 (20 of 20 unsolved" in found.warning


def test_scores_without_partial_credit_are_not_warned_of() -> None:
    found = floors(pair({"m": exact({"x": [0, 3, 8], "y": [8, 8, 8]}, 8)}), 4)
    assert [(row.floor, row.paid, row.warning) for row in found] == [(0.0, 0, None), (0.0, 0, None)]
    assert found[0].strict == found[0].drawn


def test_success_is_never_counted_down() -> None:
    frame = exact({"x": [4]}, 8).with_columns(score=pl.lit(0.1))
    assert floors(pair({"m": frame}), 8)[0].drawn == 1.0
