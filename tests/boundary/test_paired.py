"""Counts of several models are aligned by problem, whatever their order, and refused where they don't fit."""

import json

import numpy as np
import polars as pl
import pytest

from prorl.boundary.curves import curves
from prorl.boundary.estimators import pass_at_k
from prorl.boundary.intervals import mean_interval
from prorl.boundary.paired import TOLERANT, pair, random_numbers
from prorl.boundary.self_test.made_up import counts
from prorl.boundary.self_test.made_up import frame as exact
from prorl.errors import UserError
from prorl.tasks.names import OVERALL

BASE = exact({"gcd": [1, 0, 4], "lcm": [2, 2]}, 8)
TUNED = exact({"gcd": [8, 2, 0], "lcm": [0, 5]}, 8)


def test_problems_are_matched_by_id_in_any_row_order() -> None:
    paired = pair({"base": BASE.reverse(), "tuned": TUNED.sample(fraction=1.0, shuffle=True, seed=1)})
    assert (paired.base, paired.tuned, paired.tasks, paired.samples) == ("base", ("tuned",), ("gcd", "lcm"), 8)
    assert paired.problems["gcd"] == ("gcd-000", "gcd-001", "gcd-002")
    assert paired.counts["base"]["gcd"].c.tolist() == [1, 0, 4]
    assert paired.joined("tuned", OVERALL).c.tolist() == [8, 2, 0, 0, 5]
    assert paired.ids(OVERALL)[3] == ("lcm", "lcm-000")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (TUNED.drop("score"), "counts of tuned lack score"),
        (TUNED.clear(), "counts of tuned hold no problem"),
        (pl.concat([TUNED, TUNED[:1]]), "hold problem gcd-000 of gcd twice"),
        (TUNED.with_columns(c=pl.lit(9)), r"c of problem gcd-000 of gcd is not in 0\.\.n"),
        (TUNED.with_columns(c_tolerant=pl.lit(-1)), "c_tolerant of problem gcd-000"),
        (TUNED[1:], r"different problems: 1 differ \(1 only base, 0 only tuned\)"),
    ],
)
def test_what_cannot_be_compared_is_refused(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(UserError, match=message):
        pair({"base": BASE, "tuned": frame})


def test_no_model_is_refused() -> None:
    with pytest.raises(UserError, match="no model was given"):
        pair({})


def test_a_curve_is_the_mean_of_the_tasks_means_with_the_interval_of_that_mean() -> None:
    tolerant = BASE.with_columns(c_tolerant=pl.col("c") + 2, score=pl.lit(0.5))
    paired = pair({"base": tolerant})
    *tasks, overall = curves(paired, "base", (1, 4, 8), seed=3)
    assert [curve.task for curve in tasks] == ["gcd", "lcm"]
    gcd, lcm = (pass_at_k([8] * len(c), c, 4) for c in ([1, 0, 4], [2, 2]))
    assert tasks[0].strict[4].estimate == pytest.approx(gcd.mean())
    assert overall.strict[4].estimate == pytest.approx((gcd.mean() + lcm.mean()) / 2)
    expected = pass_at_k([8] * 3, [3, 2, 6], 4).mean()
    assert tasks[0].tolerant[4].estimate == pytest.approx(expected)
    assert (overall.problems, overall.samples, overall.score.estimate) == (5, 8, 0.5)
    assert paired.pass_at("base", "lcm", (1,), TOLERANT)[0].tolist() == [[0.5, 0.5]]


def test_a_whole_curve_has_the_intervals_that_each_k_has_alone() -> None:
    rates = {"a": np.linspace(0.01, 0.3, 20), "b": np.linspace(0.0, 0.9, 15)}
    paired = pair({"m": counts(rates, 64, np.random.default_rng(0))})
    (*_, overall) = curves(paired, "m", (1, 8, 64), seed=5)
    for k in (1, 8, 64):
        alone = mean_interval([values[0] for values in paired.pass_at("m", OVERALL, (k,))], random_numbers(5, OVERALL))
        assert overall.strict[k].low == pytest.approx(alone.low, abs=1e-9)
        assert overall.strict[k].high == pytest.approx(alone.high, abs=1e-9)


def test_curves_are_plain_data() -> None:
    content = [curve.to_dict() for curve in curves(pair({"base": BASE}), "base", (1, 8))]
    read = json.loads(json.dumps(content, allow_nan=False))
    assert read == content
    assert set(read[0]["strict"]) == {"1", "8"}
