"""A guard or target that names a metric which is never measured is an error before the run begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prorl.errors import UserError
from prorl.run import job, metrics
from prorl.run.signals import check_signals, metric_names

from .small import PROLONGED, SHORT, recipe_of, silent

ONE = {"name": "one", "steps": 1}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"health": {"custom": {"mine": {"signal": "trucated", "above": 0.1}}}},
            "guard 'mine' (stage 'one') watches 'trucated', which no step has; did you mean 'truncated'?",
        ),
        ({"health": {"length": {"signal": "lenght_mean"}}}, "guard 'length' (stage 'one') watches 'lenght_mean'"),
        (
            {"stages": [ONE, {**ONE, "name": "two", "set": {"health.custom": {"x": {"signal": "kk", "above": 1}}}}]},
            "guard 'x' (stage 'two') watches 'kk'",
        ),
        (
            {"stages": [{**ONE, "until": {"target": {"metric": "solved/toy/eco", "at_least": 0.5}}}]},
            "the target of stage 'one' is 'solved/toy/eco', which no step has; did you mean 'solved/toy/echo'?",
        ),
        *(
            (
                {"stages": [{**ONE, "imitate": {}, "until": {"target": {"metric": metric, "at_least": 0}}}]},
                f"the target of stage 'one' is '{metric}', which an imitating step doesn't have; it has examples, "
                "grad_norm, learning_rate, loss, non_finite, tasks_left, tokens, validation/pass_1, validation/pass_k",
            )
            for metric in ("reward", "solved", "kl", "truncated", "prompts_so_far", "solved/toy/echo")
        ),
        (
            {"stages": [{**ONE, "until": {"target": {"metric": "examples", "at_least": 0}}}]},
            "the target of stage 'one' is 'examples', which a reinforcing step doesn't have; it has ",
        ),
    ],
)
def test_a_name_that_no_step_has_is_one_line(nano: Path, tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    recipe = recipe_of(nano, SHORT, **{"stages": [ONE], **changes})
    with pytest.raises(UserError) as caught:
        job.start(recipe, tmp_path / "run", silent())
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        ({"imitate": {}}, "loss"),
        ({"imitate": {}}, "validation/pass_1"),
        ({}, "prompts_so_far"),
        ({}, "solved/toy/echo"),
    ],
)
def test_what_a_step_of_the_stages_kind_has_can_be_its_target(nano: Path, kind: dict[str, Any], metric: str) -> None:
    stage = {**ONE, **kind, "until": {"target": {"metric": metric, "at_least": 0}}}
    recipe = recipe_of(nano, SHORT, stages=[stage], validation={"every": 1})
    check_signals(recipe, ["toy/echo", "toy/successor"])


def test_every_metric_of_a_run_is_known_and_every_known_one_is_measured(nano: Path, tmp_path: Path) -> None:
    job.start(recipe_of(nano, PROLONGED), tmp_path / "run", silent())
    records = metrics.read(tmp_path / "run" / "metrics.jsonl")
    measured = {name for record in records for name in record} - {"step", "stage"}
    assert measured == metric_names(["toy/echo", "toy/successor"])
