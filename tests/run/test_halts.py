"""Stopping goes before pausing, in the last step too, and whatever halts a run is in its journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prorl.regimen.decisions import Pause, Stop, Warn
from prorl.run import job, journal
from prorl.run.checkpoint import Checkpoints
from prorl.run.halts import halt_of, with_one_halt
from prorl.run.loop import Loop
from prorl.run.requests import ask

from .small import SHORT, kept_checkpoints, recipe_of, silent

TWO_STEPS = [{"name": "one", "steps": 2}]
PERSON = "asked for by a person"


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[Loop], Any]], None]:
    """Have something done once while a step is made."""
    todo: dict[int, Callable[[Loop], Any]] = {}
    record = Loop.record

    def record_and_do(self: Loop, *values: Any) -> None:
        record(self, *values)
        todo.pop(self.step, lambda loop: None)(self)

    monkeypatch.setattr(Loop, "record", record_and_do)
    return todo.__setitem__


def interrupt(loop: Loop) -> None:
    loop.interrupt.requested = True


def told(run: Path, *kinds: str) -> list[tuple[str, int, str]]:
    events = [event for event in journal.read(run / "journal.jsonl") if event["event"] in kinds]
    return [(e["event"], e["step"], e.get("reason", e.get("message", ""))) for e in events]


def test_a_full_disk_stops_a_run_that_is_to_pause(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_step: Callable[..., None]
) -> None:
    run = tmp_path / "run"
    at_step(1, lambda loop: ask(run, "pause"))
    monkeypatch.setattr(Checkpoints, "room", lambda self, engine: 1.5)
    monkeypatch.setattr(Loop, "wait", lambda self, reason: pytest.fail("it waits"))
    result = job.start(recipe_of(nano, SHORT, stages=TWO_STEPS, evaluation=None), run, silent())
    assert result.stopped is not None
    assert result.stopped.reason.startswith("disk: ")
    assert not result.stopped.asked
    pause, stop = told(run, "pause", "stop", "warning")
    assert pause == ("warning", 1, f"no pause, since the run stops here ({PERSON})")
    assert stop == ("stop", 1, result.stopped.reason)


def test_of_several_halts_the_severest_is_made_and_the_others_are_told() -> None:
    decided = [Pause("a"), Stop("b"), Warn("c"), Stop("b"), Pause("d")]
    assert with_one_halt(decided) == [
        Warn("no pause, since the run stops here (a)"), Stop("b"), Warn("c"), Warn("one more reason to stop: b"),
        Warn("no pause, since the run stops here (d)"),
    ]  # fmt: skip
    assert with_one_halt([Pause("a"), Warn("b")]) == [Pause("a"), Warn("b")]
    assert halt_of([Warn("a")]) is None


def test_a_guard_s_stop_in_the_last_step_is_made(nano: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    guard = {"signal": "entropy", "above": 0.001, "window": 2, "action": "stop"}
    recipe = recipe_of(nano, SHORT, stages=TWO_STEPS, health={"custom": {"mine": guard}})
    result = job.start(recipe, run, silent())
    assert result.stopped is not None
    assert not result.finished
    assert not result.stopped.asked
    assert [(event, step) for event, step, _ in told(run, "stop", "finish")] == [("stop", 2)]
    assert not (run / "samples" / "trained.parquet").exists()
    result = job.resume(run, silent())
    assert (result.finished, result.stopped, result.comparison is not None) == (True, None, True)


@pytest.mark.parametrize("late", [False, True])
def test_ctrl_c_in_the_last_step_leaves_before_the_final_evaluation(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_step: Callable[..., None], late: bool
) -> None:
    """Early enough to be heard by the step, or while its checkpoint is written."""
    run, save = tmp_path / "run", Loop.checkpoint

    def save_and_interrupt(self: Loop, reset: bool = False) -> None:
        save(self, reset)
        interrupt(self)

    with monkeypatch.context() as patch:
        if late:
            patch.setattr(Loop, "checkpoint", save_and_interrupt)
        else:
            at_step(2, interrupt)
        recipe = recipe_of(nano, SHORT, stages=TWO_STEPS, checkpoint={"every": 100})
        result = job.start(recipe, run, silent())
    assert result.stopped is not None
    assert result.stopped.asked
    assert told(run, "stop", "finish") == [("stop", 2, PERSON)]
    assert kept_checkpoints(run) == [2]
    assert not (run / "samples" / "trained.parquet").exists()
    assert job.resume(run, silent()).comparison is not None


def test_a_pause_in_the_last_step_comes_before_the_final_evaluation(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_step: Callable[..., None]
) -> None:
    run = tmp_path / "run"
    at_step(2, lambda loop: ask(run, "pause"))
    there: list[bool] = []

    def person(seconds: float) -> None:
        there.append((run / "samples" / "trained.parquet").exists())
        ask(run, "continue")

    progress = silent()
    tell = progress.event

    def heard(message: str) -> None:
        tell(message)
        if message.startswith("paused:"):
            person(0.0)

    monkeypatch.setattr(progress, "event", heard)
    assert job.start(recipe_of(nano, SHORT, stages=TWO_STEPS), run, progress).finished
    assert there == [False]
    assert [event for event, *_ in told(run, "pause", "continue", "finish")] == ["pause", "continue", "finish"]


@pytest.mark.parametrize("by_signal", [False, True])
def test_a_run_that_is_stopped_while_it_is_paused_says_so(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_step: Callable[..., None], by_signal: bool
) -> None:
    run, progress = tmp_path / "run", silent()
    loops: list[Loop] = []
    at_step(1, lambda loop: (loops.append(loop), ask(run, "pause")))
    tell = progress.event

    def heard(message: str) -> None:
        tell(message)
        if message.startswith("paused:"):
            interrupt(loops[0]) if by_signal else ask(run, "stop")

    monkeypatch.setattr(progress, "event", heard)
    result = job.start(recipe_of(nano, SHORT, stages=TWO_STEPS, evaluation=None), run, progress)
    assert result.stopped is not None
    assert result.stopped.asked
    assert told(run, "pause", "stop") == [("pause", 1, PERSON), ("stop", 1, PERSON)]
    assert list((run / "requests").iterdir()) == []
    assert job.resume(run, silent()).finished
