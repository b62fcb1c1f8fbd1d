"""When stages begin, when the reference is reset, when to checkpoint."""

from __future__ import annotations

from prorl.recipe.load import validate
from prorl.regimen.decisions import EnterStage, ResetReference
from prorl.regimen.regimen import Regimen


def a_regimen() -> Regimen:
    stages = [
        {"name": "a", "steps": 3},
        {"name": "b", "steps": 1, "reset": {"clear_optimizer": False}},
        {"name": "c", "steps": 4, "reset": {}},
    ]
    data = {"name": "x", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": stages, "checkpoint": {"every": 2}}
    return Regimen(validate(data, "a test"))


def test_decisions_come_before_the_first_step_of_a_stage_and_only_there() -> None:
    regimen = a_regimen()
    assert regimen.total_steps == 8
    decided = {step: regimen.before(step) for step in range(1, 9)}
    assert decided[1] == [EnterStage(0)]
    assert decided[4] == [EnterStage(1), ResetReference(False, "entry of stage 'b'")]
    assert decided[5] == [EnterStage(2), ResetReference(True, "entry of stage 'c'")]
    assert [step for step in decided if decided[step]] == [1, 4, 5]


def test_its_state_carries_over() -> None:
    first, second = a_regimen(), a_regimen()
    for step in range(1, 4):
        first.before(step)
    second.load_state_dict(first.state_dict())
    assert [second.before(step) for step in range(4, 9)] == [first.before(step) for step in range(4, 9)]


def test_checkpoints_are_due_regularly_and_where_a_stage_ends() -> None:
    assert [step for step in range(1, 9) if a_regimen().checkpoint_due(step)] == [2, 3, 4, 6, 8]
