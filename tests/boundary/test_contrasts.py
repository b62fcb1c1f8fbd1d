"""Differences of curves: values by hand, what may be claimed, and where the curves cross."""

import json

import numpy as np
import pytest

from prorl.boundary import significance
from prorl.boundary.contrasts import FELL, ROSE, UNDECIDED, contrasts
from prorl.boundary.crossover import crossover
from prorl.boundary.estimators import pass_at_ks
from prorl.boundary.paired import OVERALL, TOLERANT, pair
from prorl.boundary.self_test.made_up import counts
from prorl.boundary.self_test.made_up import frame as exact
from prorl.boundary.significance import holm

KS = (1, 2, 4, 8, 16, 32, 64)


def _sharpened(rng: np.random.Generator, tasks: int = 4) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rates of a base that solves everything sometimes, and of a model that solves half of it often."""
    base = {f"t{index}": rng.beta(1, 9, 24) + 0.01 for index in range(tasks)}
    tuned = {task: np.where(np.arange(24) % 2 == 0, 0.9, 0.0) for task in base}
    return {task: (base[task], tuned[task]) for task in base}


def _both(rates: dict[str, tuple[np.ndarray, np.ndarray]], rng: np.random.Generator, samples: int = 64):
    return pair(
        {
            "base": counts({task: values[0] for task, values in rates.items()}, samples, rng),
            "tuned": counts({task: values[1] for task, values in rates.items()}, samples, rng),
        }
    )


def test_numbers_by_hand() -> None:
    paired = pair({"b": exact({"x": [1, 0], "y": [2]}, 4), "t": exact({"x": [3, 1], "y": [4]}, 4)})
    x, y, overall = contrasts(paired, (1, 2), 2)
    assert x.delta[1].estimate == pytest.approx(((0.75 - 0.25) + 0.25) / 2)
    assert x.delta[2].estimate == pytest.approx(((1 - 0.5) + 0.5) / 2)
    assert y.delta[1].estimate == 0.5
    assert overall.delta[1].estimate == pytest.approx((0.375 + 0.5) / 2)
    assert x.efficiency_gap.estimate == pytest.approx(((0.5 - 0.75) + (0 - 0.25)) / 2)
    assert (overall.task, overall.problems, overall.boundary_k) == (OVERALL, 3, 2)


def test_sharpening_is_a_rise_at_one_and_a_fall_at_the_boundary() -> None:
    rng = np.random.default_rng(0)
    found = contrasts(_both(_sharpened(rng), rng), KS, 64, seed=1)
    assert {row.accuracy for row in found} == {ROSE}
    assert {row.boundary for row in found} == {FELL}
    overall = found[-1]
    assert overall.crossover.k is not None
    assert overall.crossover.low <= overall.crossover.k <= overall.crossover.high
    assert 2 < overall.crossover.k < 16
    assert 0.35 < overall.efficiency_gap.low < overall.efficiency_gap.estimate < 0.55


def test_patterns_are_drawn_for_as_many_tests_as_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawn p is never 0: with 9 patterns at least 0.1, and 0.4 after correction for four tasks."""
    monkeypatch.setattr(significance, "_SIGNS", 1)
    monkeypatch.setattr(significance, "FEWEST_DRAWS", 9)
    rng = np.random.default_rng(0)
    found = contrasts(_both(_sharpened(rng), rng), KS, 64, draws=9)
    assert {row.accuracy for row in found} == {ROSE}
    assert {row.boundary for row in found} == {FELL}


def test_p_values_are_corrected_over_tasks_and_models_and_the_suite_apart() -> None:
    rng = np.random.default_rng(2)
    base = {f"t{index}": rng.beta(1, 4, 20) for index in range(3)}
    better = {task: values + 0.5 * (1 - values) * rng.random(20) ** 6 for task, values in base.items()}
    paired = pair({name: counts(rates, 32, rng) for name, rates in (("b", base), ("m1", better), ("m2", better))})
    found = contrasts(paired, (1, 32), 32)
    tasks = [row for row in found if row.task != OVERALL]
    suites = [row for row in found if row.task == OVERALL]
    assert [row.tuned for row in found] == ["m1"] * 4 + ["m2"] * 4
    for rows in (tasks, suites):
        for k in (1, 32):
            assert [row.p_corrected[k] for row in rows] == holm([row.p_value[k] for row in rows])


def test_no_claim_without_a_test_and_an_interval() -> None:
    paired = pair({"b": exact({"x": [0] * 4}, 8), "t": exact({"x": [8] * 4}, 8)})
    row = contrasts(paired, (1, 8), 8)[0]
    assert row.delta[1].estimate == 1.0
    assert row.accuracy == UNDECIDED
    untested = contrasts(pair({"b": exact({"x": [0] * 5}, 10), "t": exact({"x": [5, 6, 7, 8, 9]}, 10)}), (1,), 10)[0]
    assert untested.delta[1].excludes(0.0)
    assert untested.p_value[1] == 2 / 32
    assert untested.accuracy == UNDECIDED


def test_tolerant_answers_are_contrasted_apart() -> None:
    base = exact({"x": [0] * 12}, 8).with_columns(c_tolerant=8)
    paired = pair({"b": base, "t": exact({"x": [8] * 12}, 8)})
    assert contrasts(paired, (1,), 8)[0].boundary == ROSE
    tolerant = contrasts(paired, (1,), 8, extraction=TOLERANT)[0]
    assert (tolerant.boundary, tolerant.delta[8].estimate) == (UNDECIDED, 0.0)


def test_is_plain_data_with_its_verdicts() -> None:
    rng = np.random.default_rng(0)
    content = contrasts(_both(_sharpened(rng), rng), KS, 64)[-1].to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert (content["accuracy"], content["boundary"]) == (ROSE, FELL)


def _delta(base: float, tuned: float, share: float, problems: int = 40) -> np.ndarray:
    """Differences of pass@k when the tuned model solves a share of the problems at rate `tuned`."""
    n = 4096
    before = pass_at_ks([n] * problems, [round(base * n)] * problems, KS)
    solved = np.arange(problems) < share * problems
    return pass_at_ks([n] * problems, np.where(solved, round(tuned * n), 0), KS) - before


def test_crossover_lies_where_the_curves_cross() -> None:
    found = crossover([_delta(0.05, 0.5, 0.5)], KS, np.random.default_rng(0))
    # 1 − 0.95^k = 0.5 (1 − 0.5^k) has its root near k = 13.5
    assert found.k == pytest.approx(13.5, abs=0.4)
    assert 8 < found.low < found.k < found.high < 25
    assert found.beyond == 0.0


def test_a_lead_that_lasts_has_no_crossover() -> None:
    found = crossover([_delta(0.001, 0.9, 1.0)], KS, np.random.default_rng(0))
    assert (found.k, found.low, found.high, found.beyond, found.largest_k) == (None, None, None, 1.0, 64)


def test_no_lead_crosses_at_once() -> None:
    found = crossover([_delta(0.2, 0.1, 1.0)], KS, np.random.default_rng(0))
    assert (found.k, found.low, found.high) == (1.0, 1.0, 1.0)
