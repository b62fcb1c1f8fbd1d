"""A task that is answered with one answer is told of, though the mean over tasks doesn't show it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prorl.boundary.intervals import Interval
from prorl.recipe.health import Health
from prorl.recipe.stages import Reset
from prorl.regimen.decisions import Decision, ResetReference, Warn
from prorl.regimen.health import HealthMonitor
from prorl.regimen.regimen import Regimen
from prorl.regimen.validation import Frequent, Validated

from .test_health import health
from .test_regimen import begun, one_stage

ALIKE = Frequent("1", share=0.97, right=0.5, problems=8)
VARIED = Frequent("1", share=0.54, right=0.5, problems=8)


def found(step: int, pass_1: float = 0.5, **tasks: Frequent) -> Validated:
    mean = Interval(pass_1, 0, 1)
    return Validated(step, dict.fromkeys(tasks, (pass_1,) * 8), mean, mean, 4, 0.0, tasks)


def said(monitor: HealthMonitor, validated: Validated | None, step: int = 0) -> list[str]:
    return [alarm.reason for alarm in monitor.observe(step or (validated.step if validated else 1), {}, validated)]


@pytest.mark.parametrize(
    ("answers", "alarm"),
    [
        (Frequent("1", 0.91, 0.89, 4), True),
        (Frequent("1", 0.90, 0.89, 4), False),  # not above
        (Frequent("1", 1.00, 0.90, 4), False),  # the problems have the same solution
        (Frequent("1", 1.00, 0.00, 3), False),  # too few to tell
        (Frequent("1", 1.00, 0.00, 4), True),
    ],
)
def test_it_takes_one_answer_to_several_problems_that_is_wrong_for_many(answers: Frequent, alarm: bool) -> None:
    assert bool(said(HealthMonitor(health({}, one_answer={})), found(1, task=answers))) is alarm


def test_who_says_which_answer_is_given_to_what_and_how_often_it_is_right() -> None:
    monitor = HealthMonitor(health({}, one_answer={}))
    long = Frequent("x" * 100, 0.95, 0.0, 16)
    (reason,) = said(monitor, found(1, counts=ALIKE, other=long, well=VARIED))
    first, second = reason.split("; other")
    assert first == (
        "counts is answered '1' in 97 % of its completions, whichever of 8 problems is asked; 50 % of these are right"
    )
    assert f"'{'x' * 39}…'" in second


def test_a_task_is_told_of_once_and_again_when_it_had_come_back() -> None:
    monitor = HealthMonitor(health({}, one_answer={}, cooldown=0))
    seen = [VARIED, ALIKE, ALIKE, None, ALIKE, VARIED, ALIKE]
    told = [bool(said(monitor, found(step, a=f) if f else None, step)) for step, f in enumerate(seen, start=1)]
    assert told == [False, True, False, False, False, False, True]
    assert [reason[:13] for reason in said(monitor, found(9, a=ALIKE, b=ALIKE))] == ["b is answered"]  # a was told of


def test_what_happens_in_the_cool_down_is_told_after_it() -> None:
    monitor = HealthMonitor(health({}, one_answer={}, cooldown=20))
    assert len(said(monitor, found(20, a=ALIKE))) == 1
    assert said(monitor, found(40, a=ALIKE, b=ALIKE)) == []
    assert [reason[:13] for reason in said(monitor, found(41, a=ALIKE, b=ALIKE))] == ["b is answered"]


def test_it_can_be_switched_off_and_has_bounds_of_its_own() -> None:
    assert said(HealthMonitor(Health(one_answer=None)), found(1, a=ALIKE)) == []
    assert said(HealthMonitor(health({}, one_answer={"above": 0.98})), found(1, a=ALIKE)) == []
    assert len(said(HealthMonitor(health({}, one_answer={"above": 0.5, "right_below": 0.51})), found(1, a=VARIED))) == 1


def after(regimen: Regimen, *seen: Validated) -> list[list[Decision]]:
    return [regimen.after(validated.step, {}, validated) for validated in seen]


def test_a_resumed_run_does_not_tell_it_twice() -> None:
    recipe = one_stage(validation={"every": 1}, health={"cooldown": 0})
    regimen = begun(recipe, found(0, a=VARIED))
    ((warning,),) = after(regimen, found(1, a=ALIKE))
    assert isinstance(warning, Warn)
    assert warning.reason.startswith("one_answer: a is answered '1' in 97 %")
    again = Regimen(recipe)
    again.load_state_dict(json.loads(json.dumps(regimen.state_dict(), allow_nan=False)))
    assert after(again, found(2, a=ALIKE)) == [[]]
    older: dict[str, Any] = regimen.state_dict()
    del older["health"]["settled"]  # as versions before it wrote them
    again.load_state_dict(older)
    assert len(after(again, found(2, a=ALIKE))[0]) == 1


def test_it_can_go_back_to_the_best_policy() -> None:
    guard = {"one_answer": {"action": "roll_back"}}
    regimen = begun(one_stage(validation={"every": 1}, health=guard), found(0, 0.3, a=VARIED))
    quiet, (reset,) = after(regimen, found(1, 0.6, a=VARIED), found(2, 0.5, a=ALIKE))
    assert quiet == []
    assert isinstance(reset, ResetReference)
    assert (reset.source, reset.step, reset.clear_optimizer) == ("best", 1, Reset().clear_optimizer)
    assert reset.reason.startswith("one_answer: a is answered")
