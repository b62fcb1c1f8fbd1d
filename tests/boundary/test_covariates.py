"""Competence against gain without its artefact, levels, entropy matching, and means of anything."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from prorl.boundary.competence import competence
from prorl.boundary.correlation import Moments, bootstrap, spearman
from prorl.boundary.intervals import mean_interval
from prorl.boundary.levels import by_level
from prorl.boundary.means import means
from prorl.boundary.paired import pair, random_numbers
from prorl.boundary.self_test.made_up import counts, numbered
from prorl.boundary.self_test.made_up import frame as exact
from prorl.boundary.self_test.regression import CORRECTED, NAIVE, estimates
from prorl.boundary.temperature import match_entropy
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)), min_size=4, max_size=12))
def test_weighted_correlations_are_those_of_repeated_units(rows: list[tuple[int, int, int]]) -> None:
    x, y, weights = (np.array(column, float) for column in zip(*rows, strict=True))
    times = weights.astype(int)
    repeated_x, repeated_y = np.repeat(x, times), np.repeat(y, times)
    if len(set(repeated_x)) < 2 or len(set(repeated_y)) < 2:
        return
    assert Moments.of(weights[None], x, y).pearson[0] == pytest.approx(pearsonr(repeated_x, repeated_y)[0], abs=1e-7)
    assert spearman(weights[None], x, y)[0] == pytest.approx(spearmanr(repeated_x, repeated_y)[0], abs=1e-7)


def test_resamples_begin_with_the_data_itself() -> None:
    weights = bootstrap(np.random.default_rng(0), 50, 7)
    assert weights.shape == (51, 7)
    assert weights[0].tolist() == [1.0] * 7
    assert set(weights.sum(axis=1)) == {7.0}


@pytest.mark.parametrize("k", [1, 4])
def test_without_any_gain_only_the_naive_numbers_say_that_the_weak_gained(k: int) -> None:
    found = estimates(0.0, 40, np.random.default_rng(11), k)
    for name in NAIVE:
        assert found[name][:, 0].mean() < -0.3
        assert found[name][:, 1].mean() < 0.1
    for name in CORRECTED:
        assert found[name][:, 0].mean() == pytest.approx(0.0, abs=0.1)
        assert found[name][:, 1].mean() >= 0.85


@pytest.mark.parametrize(("units", "samples"), [(12, 16), (24, 16), (24, 256)])
def test_intervals_of_few_units_hold_the_truth(units: int, samples: int) -> None:
    """Nobody gained, rates of all sizes: how many of the 95 % intervals hold 0."""
    rng = np.random.default_rng(5)
    held: dict[str, list[bool]] = {name: [] for name in ("split_pearson", "split_spearman", "corrected_slope")}
    for number in range(150):
        rates = {"x": rng.beta(0.5, 3, units)}
        frames = {model: numbered(counts(rates, samples, rng), rng) for model in ("base", "tuned")}
        result = competence(pair(frames), "tuned", "problem", 1, seed=number, resamples=500)
        for name, found in held.items():
            if (interval := getattr(result, name)) is not None:
                found.append(not interval.excludes(0.0))
    shares = {name: np.mean(found) for name, found in held.items()}
    # A slope divides by what is left of the variance, so that little noise in it makes outliers.
    assert all(share >= (0.89 if name.endswith("slope") else 0.92) for name, share in shares.items()), shares


def test_eleven_units_are_too_few() -> None:
    rng = np.random.default_rng(0)
    for units, has in ((11, False), (12, True)):
        frame = counts({"x": rng.beta(1, 3, units)}, 64, rng)
        assert (competence(pair({"b": frame, "t": frame}), "t", "problem", 1).naive_slope is not None) == has


def test_a_true_gain_of_the_weak_is_found_with_its_slope() -> None:
    found = estimates(0.8, 30, np.random.default_rng(11))
    assert found["corrected_slope"][:, 0].mean() == pytest.approx(-0.8, abs=0.08)
    assert found["naive_slope"][:, 0].mean() < -0.9
    assert found["split_pearson"][:, 0].mean() < -0.08
    assert found["split_pearson"][:, 1].mean() < 0.7


def test_tasks_are_units_too_and_too_few_have_no_correlation() -> None:
    rng = np.random.default_rng(0)
    base = {f"t{index:02d}": rng.beta(1, 3, 20) * (index + 1) / 12 for index in range(12)}
    tuned = {task: np.clip(rates + 0.5 * (0.4 - rates), 0, 1) for task, rates in base.items()}
    paired = pair({"b": counts(base, 64, rng), "t": counts(tuned, 64, rng)})
    found = competence(paired, "t", "task", 16)
    assert (found.unit, found.units, found.k) == ("task", 12, 16)
    assert found.split_pearson.high < 0
    assert found.noise_share < 0.05
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()
    few = pair({model: frame.filter(pl.col("task") < "t04") for model, frame in (("b", counts(base, 64, rng)),)})
    assert competence(few, "b", "task", 1).naive_pearson is None
    with pytest.raises(ValueError, match="at least 128 samples"):
        competence(paired, "t", "task", 64)
    with pytest.raises(ValueError, match="units are task or problem"):
        competence(paired, "t", "tasks", 1)


def test_levels_are_compared_each_for_itself_and_corrected_together() -> None:
    def frame(rates: dict[int, float]) -> pl.DataFrame:
        return pl.concat(
            [
                exact({"colour": [round(32 * rate)] * 12}, 32).with_columns(
                    problem=pl.concat_str(pl.col("problem"), pl.lit(f"-{level}")), level=pl.lit(level)
                )
                for level, rate in rates.items()
            ]
        )

    found = by_level(
        {"b": frame({5: 0.5, 10: 0.25, 20: 0.0}), "t": frame({5: 1.0, 10: 0.75, 20: 0.0})},
        {"colour": [10]}, (1, 32), 32,
    )  # fmt: skip
    assert [(row.task, row.level, row.trained) for row in found] == [
        ("colour", 5.0, False), ("colour", 10.0, True), ("colour", 20.0, False),
    ]  # fmt: skip
    assert [row.contrasts[0].delta[1].estimate for row in found] == [0.5, 0.5, 0.0]
    assert [row.curves[0].strict[1].estimate for row in found] == [0.5, 0.25, 0.0]
    smallest = found[0].contrasts[0]
    assert smallest.p_corrected[1] == pytest.approx(3 * smallest.p_value[1])
    assert json.loads(json.dumps(found[0].to_dict(), allow_nan=False)) == found[0].to_dict()


def test_levels_are_needed() -> None:
    with pytest.raises(UserError, match="the counts of b have no column level"):
        by_level({"b": exact({"x": [1]}, 2)}, {}, (1,), 1)
    with pytest.raises(UserError, match="problems without a level"):
        by_level({"b": exact({"x": [1]}, 2).with_columns(level=pl.lit(None, pl.Int64))}, {}, (1,), 1)


def _curve(temperature: float) -> float:
    return 0.2 * temperature**2.5


@given(st.floats(0.02, 1.0))
def test_the_search_finds_the_temperature_of_an_entropy(target: float) -> None:
    measured = [(1.0, _curve(1.0))]
    for _ in range(25):
        match = match_entropy(measured, target)
        if match.next is None:
            break
        measured.append((match.next, _curve(match.next)))
    assert match.temperature is not None
    assert _curve(match.temperature) == pytest.approx(target, rel=0.02)
    assert len(measured) <= 12


def test_between_two_measurements_it_interpolates() -> None:
    match = match_entropy([(1.0, 1.0), (0.6, 0.2)], 0.6)
    assert (match.temperature, match.uncertainty, match.next) == (
        pytest.approx(0.8),
        pytest.approx(0.2),
        pytest.approx(0.8),
    )


def test_noise_in_the_wrong_direction_is_smoothed() -> None:
    match = match_entropy([(0.5, 0.2), (0.7, 0.42), (0.8, 0.38), (1.0, 0.8)], 0.6)
    assert match.temperature == pytest.approx(0.9)


def test_a_target_out_of_reach_is_said() -> None:
    match = match_entropy([(2.5, 0.3), (1.0, 0.1)], 5.0)
    assert (match.temperature, match.next) == (None, None)
    assert "above all entropies within the bounds 0.05 to 2.5" in match.reason
    assert match_entropy([(1.0, 0.1)], 0.5).next == 1.5
    assert match_entropy([(1.0, 0.1)], 0.05).next == pytest.approx(1 / 1.5)


@pytest.mark.parametrize(
    ("measured", "target", "message"),
    [
        ([], 0.5, "no entropy was measured"),
        ([(1.0, 0.5)], 0.0, "target entropy must be above 0"),
        ([(1.0, 0.5), (1.0, 0.6)], 0.5, "measured twice"),
        ([(0.0, 0.5)], 0.4, "temperatures must be above 0"),
    ],
)
def test_what_cannot_be_searched_is_refused(measured: list[tuple[float, float]], target: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        match_entropy(measured, target)


def test_means_leave_out_what_is_missing_and_say_so() -> None:
    frame = pl.DataFrame(
        {"task": ["x"] * 3 + ["y"] * 2 + ["z"], "problem": list("abcdef"), "h": [1.0, 2.0, None, 0.5, 1.5, None]}
    )
    found = {row.task: row for row in means(frame, {"h": (0.0, np.log(32))}, seed=4)["h"]}
    assert (found["x"].problems, found["x"].missing, found["x"].mean.estimate) == (2, 1, 1.5)
    assert (found["z"].mean, found["z"].missing) == (None, 1)
    assert (found[OVERALL].mean.estimate, found[OVERALL].problems, found[OVERALL].missing) == (1.25, 4, 2)
    alone = mean_interval([np.array([1.0, 2.0])], random_numbers(4, "x"), bounds=(0.0, np.log(32)))
    assert found["x"].mean == alone
