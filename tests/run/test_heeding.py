"""What a person asks while the base or the trained model is evaluated, and near the end of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from prorl.recipe.schema import Recipe
from prorl.run import job, journal, metrics
from prorl.run.loop import Loop
from prorl.run.progress import PlainProgress
from prorl.run.requests import ask

from .small import SHORT, decisions, fingerprint, recipe_of, silent

TWO_STEPS = [{"name": "one", "steps": 2}]


class Doing(PlainProgress):
    """Does something each time that so many problems of a model are evaluated."""

    def __init__(self, model: str, done: int, what: Callable[[], Any]) -> None:
        super().__init__(Console(quiet=True))
        self.at, self.what = (f"evaluating the {model} model", done), what

    def phase(self, name: str, done: int = 0, total: int = 0) -> None:
        if (name, done) == self.at:
            self.what()


@pytest.fixture
def recipe(nano: Path) -> Recipe:
    """Two problems, one of each task, are held out."""
    return recipe_of(nano, SHORT, stages=TWO_STEPS)


@pytest.fixture
def straight(recipe: Recipe, tmp_path: Path) -> Path:
    job.start(recipe, tmp_path / "straight", silent())
    return tmp_path / "straight"


def events(run: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in journal.read(run / "journal.jsonl") if event["event"] == kind]


@pytest.mark.parametrize(("model", "steps"), [("base", 0), ("trained", 2)])
def test_a_stop_leaves_an_evaluation_and_the_run_goes_on_to_the_same_end(
    recipe: Recipe, straight: Path, tmp_path: Path, model: str, steps: int
) -> None:
    run = tmp_path / "run"
    left = job.start(recipe, run, Doing(model, 1, lambda: ask(run, "stop")))
    assert not left.finished
    assert left.stopped is not None
    assert left.stopped.asked
    assert [event["step"] for event in events(run, "stop")] == [steps]
    assert not (run / "samples" / f"{model}.parquet").exists()
    assert list((run / "requests").iterdir()) == []
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(straight)
    told = [event for event in decisions(run) if event["event"] != "stop"]
    assert told == decisions(straight)


@pytest.mark.parametrize("model", ["base", "trained"])
def test_a_pause_holds_an_evaluation_up_until_it_may_go_on(
    recipe: Recipe, straight: Path, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    waited: list[str] = []
    monkeypatch.setattr(Loop, "wait", lambda self, reason: waited.append(reason) or True)
    assert job.start(recipe, run, Doing(model, 1, lambda: ask(run, "pause"))).finished
    assert waited == ["asked for by a person"]
    assert len(events(run, "pause")) == 1
    assert fingerprint(run) == fingerprint(straight)


def test_what_comes_too_late_is_told_and_not_done_when_the_run_is_extended(recipe: Recipe, tmp_path: Path) -> None:
    run = tmp_path / "run"

    def all_at_once() -> None:
        for kind in ("reset", "pause", "stop"):
            ask(run, kind, **({"reset": {}} if kind == "reset" else {}))

    assert job.start(recipe, run, Doing("trained", 2, all_at_once)).finished
    assert [event["message"].partition(":")[0] for event in events(run, "warning")] == ["reset", "pause", "stop"]
    assert list((run / "requests").iterdir()) == []
    assert job.resume(run, silent(), changed=["stages.one.steps=4"]).finished
    assert [record["step"] for record in metrics.read(run / "metrics.jsonl")] == [1, 2, 3, 4]
    assert not events(run, "reset")


@pytest.mark.parametrize("then", ["continue", "stop"])
def test_a_run_that_is_paused_in_its_last_step_comes_to_its_end(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    run, record, wait = tmp_path / "run", Loop.record, Loop.wait

    def record_and_ask(self: Loop, *values: Any) -> None:
        record(self, *values)
        if self.step == 2:
            ask(run, "pause")

    def wait_for(self: Loop, reason: str) -> bool:
        ask(run, then)
        return wait(self, reason)

    monkeypatch.setattr(Loop, "record", record_and_ask)
    monkeypatch.setattr(Loop, "wait", wait_for)
    assert job.start(recipe, run, silent()).finished == (then == "continue")
    if then == "stop":
        assert job.resume(run, silent()).finished
    assert list((run / "requests").iterdir()) == []
