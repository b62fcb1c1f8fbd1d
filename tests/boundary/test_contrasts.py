"""Differences of curves: values by hand, what may be claimed, and where the curves cross."""

import json

import numpy as np
import pytest

from prorl.boundary import significance
from prorl.boundary.contrasts import FELL, ROSE, UNDECIDED, contrasts
from prorl.boundary.crossover import Crossover, crossover
from prorl.boundary.estimators import pass_at_ks
from prorl.boundary.paired import TOLERANT, pair
from prorl.boundary.self_test.made_up import counts
from prorl.boundary.self_test.made_up import frame as exact
from prorl.boundary.significance import holm
from prorl.tasks.names import OVERALL

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


def test_a_difference_that_unseen_problems_could_undo_is_no_claim() -> None:
    """+0.0000004 of 24 problems, one of which differs; and half a task's problems, gained by a tenth each."""
    base = exact({"x": [20] * 23 + [19]}, 256)
    row = contrasts(pair({"b": base, "t": exact({"x": [200] * 24}, 256)}), (1, 128), 128)[0]
    assert (row.delta[128].excludes(0.0), row.p_corrected[128] < 0.001) == (True, True)
    assert (row.boundary, row.accuracy) == (UNDECIDED, ROSE)
    assert row.unseen == pytest.approx(1 - 0.025 ** (1 / 24))


def _false_rises(tasks: int, problems: int, suites: int) -> tuple[float, float]:
    """Shares of suites with any task that "rose", and overall: 90 % of the problems gain 0.1, 10 % lose 0.9."""
    rng = np.random.default_rng(2)
    any_task = overall = 0
    for number in range(suites):
        loses = {f"t{index:02d}": rng.random(problems) < 0.1 for index in range(tasks)}
        base = {task: np.where(lost, 0.9, 0.3) for task, lost in loses.items()}
        tuned = {task: np.where(lost, 0.0, 0.4) for task, lost in loses.items()}
        paired = pair({"b": counts(base, 256, rng), "t": counts(tuned, 256, rng)})
        *rows, suite = contrasts(paired, (1,), 1, seed=number, resamples=1000, draws=1000)
        any_task += any(row.accuracy == ROSE for row in rows)
        overall += suite.accuracy == ROSE
    return any_task / suites, overall / suites


def test_tasks_that_gain_mostly_and_lose_as_much_do_not_rise() -> None:
    any_task, overall = _false_rises(12, 12, 30)
    assert any_task <= 0.05
    assert overall <= 0.05


def test_an_ordinary_gain_of_a_small_task_is_still_found() -> None:
    """+30 points on average, of every size: 24 problems, 256 samples."""
    rng = np.random.default_rng(3)
    found = 0
    for number in range(40):
        base = rng.beta(0.6, 3.0, 24)
        tuned = base + 0.75 * rng.beta(1, 1, 24) * (1 - base)
        paired = pair({"b": counts({"x": base}, 256, rng), "t": counts({"x": tuned}, 256, rng)})
        found += contrasts(paired, (1,), 1, names=["x"], seed=number, resamples=1000, draws=1000)[0].accuracy == ROSE
    assert found >= 38


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


def test_a_base_that_leads_everywhere_is_ahead_from_the_first_sample() -> None:
    found = crossover([_delta(0.2, 0.1, 1.0)], KS, np.random.default_rng(0))
    assert (found.k, found.low, found.high, found.base_first) == (1.0, 1.0, 1.0, False)


def _curve(*values: float) -> Crossover:
    """Crossover of 20 problems that all have these differences at 1, 2, 4, ..."""
    ks = tuple(2**power for power in range(len(values)))
    return crossover([np.repeat(np.array(values)[:, None], 20, axis=1)], ks, np.random.default_rng(0))


def test_where_the_base_leads_at_first_and_not_later_nothing_crosses() -> None:
    """It doesn't solve as much from there on: the tuned model leads after it."""
    found = _curve(-0.016, 0.1, 0.3, 0.5)
    assert (found.k, found.low, found.beyond, found.base_first) == (None, None, 1.0, True)
    assert not _curve(0.1, -0.1, 0.3).base_first


def test_a_tie_is_no_crossing() -> None:
    """Both solve everything in all samples; or both are the same model."""
    assert _curve(0.3, 0.1, 0.0).k is None
    assert _curve(0.0, 0.0, 0.0).k is None
    assert (_curve(-0.2, 0.0, 0.0).k, _curve(-0.2, 0.0, 0.0).base_first) == (1.0, False)


def test_the_crossing_is_the_last_one_after_which_the_base_stays_ahead() -> None:
    assert _curve(-0.1, 0.2, 0.1, -0.1).k == pytest.approx(4 * 2**0.5)
    assert _curve(0.2, 0.0, -0.1).k == 2.0
    assert _curve(0.2, -0.1, 0.0).k == pytest.approx(2 ** (2 / 3))


def test_a_lead_of_the_base_by_noise_at_one_sample_is_no_crossing() -> None:
    rng = np.random.default_rng(0)
    base, tuned = {"x": np.array([0.4] * 12 + [0.0] * 12)}, {"x": np.array([0.18] * 24)}
    row = contrasts(pair({"b": counts(base, 256, rng), "t": counts(tuned, 256, rng)}), (1, 8, 128), 128)[0]
    assert row.delta[1].estimate < 0 < row.delta[128].estimate
    assert (row.crossover.k, row.crossover.base_first) == (None, True)
