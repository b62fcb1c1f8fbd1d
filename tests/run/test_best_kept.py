"""The best checkpoint is there for whoever goes on from an older one, or is forgotten."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from prorl.boundary.intervals import Interval
from prorl.recipe.schema import Rollout
from prorl.regimen.validation import Validated
from prorl.run import job
from prorl.run.loop import Loop
from prorl.run.requests import ask
from prorl.run.validate import Validator

from .small import SHORT, decisions, kept_checkpoints, recipe_of, silent

PASSED = {0: 0.1, 2: 0.5, 4: 0.2, 6: 0.9, 8: 0.3}


@pytest.fixture(scope="module")
def left(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was left after step 6, which took the place of step 2 as the best."""
    run = tmp_path_factory.mktemp("runs") / "left"
    record = Loop.record

    def record_and_leave(self: Loop, *values: Any) -> None:
        record(self, *values)
        self.interrupt.requested = self.step == 6

    recipe = recipe_of(
        nano, SHORT, stages=[{"name": "one", "steps": 8}], evaluation=None, checkpoint={"every": 1, "keep": 2},
        validation={"every": 2, "problems_per_task": 1, "samples": 4},
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "record", record_and_leave)
        patch.setattr(Validator, "measure", measured(PASSED))
        job.start(recipe, run, silent())
    return run


@pytest.fixture
def run(left: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, its newest checkpoint moved away; a person asks to go back to the best at step 7."""
    run = Path(shutil.copytree(left, tmp_path / "run"))
    (run / "checkpoints" / "step_000006").rename(tmp_path / "damaged")
    record = Loop.record

    def record_and_ask(self: Loop, *values: Any) -> None:
        record(self, *values)
        if self.step == 7:
            ask(run, "reset", reset={"clear_optimizer": True, "to": "best"})

    monkeypatch.setattr(Loop, "record", record_and_ask)
    monkeypatch.setattr(Validator, "measure", measured({**PASSED, 6: 0.3}))
    return run


def measured(passed: dict[int, float]) -> Any:
    """Validation with given outcomes."""
    real = Validator.measure

    def measure(self: Validator, step: int, rollout: Rollout) -> Validated:
        return dataclasses.replace(real(self, step, rollout), pass_1=Interval(passed[step], 0.0, 1.0))

    return measure


def policies_of_resets(run: Path) -> list[int]:
    return [event["policy_of_step"] for event in decisions(run) if event["event"] == "reset"]


def test_what_a_kept_checkpoint_takes_for_the_best_is_kept_as_long(left: Path, run: Path) -> None:
    assert kept_checkpoints(left) == [2, 5, 6]
    assert job.resume(run, silent()).finished
    assert policies_of_resets(run) == [2]
    assert kept_checkpoints(run) == [2, 7, 8]


def test_the_one_before_goes_with_the_last_that_names_it(left: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(left, tmp_path / "run"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Validator, "measure", measured(PASSED))
        assert job.resume(run, silent()).finished
    assert kept_checkpoints(run) == [6, 7, 8]


def test_a_best_whose_checkpoint_is_missing_is_forgotten_and_that_is_told_once(run: Path) -> None:
    shutil.rmtree(run / "checkpoints" / "step_000002")

    def die(self: Loop, *values: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "record", die)
        with pytest.raises(KeyboardInterrupt):
            job.resume(run, silent())
    assert job.resume(run, silent()).finished
    told = [(e["step"], e["message"]) for e in decisions(run) if e["event"] == "warning"]
    assert told == [(5, "the best checkpoint, of step 2, is not there any more; what is best is told anew from here")]
    assert policies_of_resets(run) == [6]
