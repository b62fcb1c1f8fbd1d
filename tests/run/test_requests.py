"""What a person asks of a live run: done once, after a step, and in the journal."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.errors import UserError
from prorl.run import job, journal, metrics
from prorl.run.loop import Loop
from prorl.run.requests import Requests, ask, is_live
from prorl.run.watch_data import Snapshot

from .small import SHORT, kept_checkpoints, recipe_of, silent

ONE = [{"name": "one", "steps": 8}]


@pytest.fixture
def at_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], Any]], None]:
    """Have something done while a step is made."""
    todo: dict[int, Callable[[], Any]] = {}
    record = Loop.record

    def record_and_do(self: Loop, *values: Any) -> None:
        record(self, *values)
        todo.pop(self.step, lambda: None)()

    monkeypatch.setattr(Loop, "record", record_and_do)
    return todo.__setitem__


def events(run: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in journal.read(run / "journal.jsonl") if event["event"] == kind]


def prorl(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_reset_that_is_asked_for_is_made_after_the_step_and_only_once(
    nano: Path, tmp_path: Path, at_step: Callable[..., None]
) -> None:
    run = tmp_path / "run"
    at_step(3, lambda: prorl("reset", run, "--clear-optimizer"))
    assert job.start(recipe_of(nano, SHORT, stages=ONE, evaluation=None), run, silent()).finished
    (reset,) = events(run, "reset")
    assert (reset["step"], reset["source"], reset["clear_optimizer"]) == (3, "current", True)
    assert reset["reason"] == "asked for by a person"
    assert [e["step"] for e in events(run, "reset_checked")] == [1, 4]
    assert 3 in kept_checkpoints(run)
    assert list((run / "requests").iterdir()) == []


def test_a_reset_to_the_best_checkpoint_goes_back_to_it(
    nano: Path, tmp_path: Path, at_step: Callable[..., None]
) -> None:
    run = tmp_path / "run"
    at_step(5, lambda: prorl("reset", run, "--to", "best"))
    changes = {"validation": {"every": 2, "problems_per_task": 1, "samples": 4}}
    job.start(recipe_of(nano, SHORT, stages=ONE, evaluation=None, **changes), run, silent())
    (reset,) = events(run, "reset")
    validations = [(e["pass_1"], -e["step"]) for e in events(run, "validation") if e["step"] <= 5]
    assert (reset["step"], reset["source"], reset["policy_of_step"]) == (5, "best", -max(validations)[1])


def test_a_request_is_not_done_twice_when_the_process_dies_before_it_is_removed(
    nano: Path, tmp_path: Path, at_step: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    at_step(3, lambda: ask(run, "reset", reset={}))

    class Died(Exception):
        pass

    def die(self: Requests, done: list[object]) -> None:
        if done:
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Requests, "remove", die)
        with pytest.raises(Died):
            job.start(recipe_of(nano, SHORT, stages=ONE, evaluation=None), run, silent())
    assert len(list((run / "requests").iterdir())) == 1
    assert job.resume(run, silent()).finished
    assert [event["step"] for event in events(run, "reset")] == [3]
    assert list((run / "requests").iterdir()) == []


def test_stop_leaves_after_a_checkpoint_and_the_run_goes_on_from_there(
    nano: Path, tmp_path: Path, at_step: Callable[..., None]
) -> None:
    run = tmp_path / "run"
    at_step(4, lambda: prorl("stop", run))
    result = job.start(recipe_of(nano, SHORT, stages=ONE, evaluation=None), run, silent())
    assert not result.finished
    assert result.stopped is not None
    assert result.stopped.asked
    assert kept_checkpoints(run)[-1] == 4
    assert job.resume(run, silent()).finished
    assert [record["step"] for record in metrics.read(run / "metrics.jsonl")] == list(range(1, 9))


def test_a_paused_run_waits_until_it_is_told_to_go_on(nano: Path, tmp_path: Path, at_step: Callable[..., None]) -> None:
    run = tmp_path / "run"
    at_step(2, lambda: ask(run, "pause"))
    seen: dict[str, Any] = {}

    def person() -> None:
        deadline = time.monotonic() + 60
        while not (run / "journal.jsonl").exists() or not events(run, "pause"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1.0)
        seen["steps"], seen["live"] = len(metrics.read(run / "metrics.jsonl")), is_live(run)
        seen["checkpoints"] = kept_checkpoints(run)
        ask(run, "continue")

    helper = threading.Thread(target=person)
    helper.start()
    result = job.start(recipe_of(nano, SHORT, stages=ONE, evaluation=None), run, silent())
    helper.join()
    assert result.finished
    assert seen == {"steps": 2, "live": True, "checkpoints": [2]}
    assert [e["step"] for e in events(run, "continue")] == [2]
    assert not is_live(run)


def test_a_request_to_a_run_that_nobody_works_on_waits_for_it(
    nano: Path, tmp_path: Path, at_step: Callable[..., None]
) -> None:
    run = tmp_path / "run"
    at_step(1, lambda: prorl("stop", run))
    assert not job.start(recipe_of(nano, SHORT, stages=ONE, evaluation=None), run, silent()).finished
    assert "nobody works on" in prorl("reset", run)
    (file,) = (run / "requests").iterdir()
    assert json.loads(file.read_text()) == {"kind": "reset", "reset": {"clear_optimizer": False, "to": "current"}}


def test_nothing_is_asked_of_a_finished_run(nano: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    job.start(recipe_of(nano, SHORT, stages=[{"name": "one", "steps": 1}], evaluation=None), run, silent())
    with pytest.raises(UserError, match="is finished; to go on from it, give its last stage more steps"):
        ask(run, "stop")
    assert list((run / "requests").iterdir()) == []


def test_what_is_no_request_or_no_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        ask(tmp_path, "pause")
    (tmp_path / "1.json").write_text('{"kind": "rest"}')
    with pytest.raises(UserError, match=r"1\.json is not a request; remove it and ask again"):
        Requests(tmp_path).pending()
    assert os.listdir(tmp_path) == ["1.json"]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["pause"], "paused"),
        (["pause", "continue"], "running"),
        (["pause", "resume"], "running"),  # it was left while it waited
        (["pause", "extended"], "running"),  # asked for in the last step of a run that went on later
        (["finish", "resume"], "finished"),
    ],
)
def test_what_a_run_is_doing(nano: Path, events: list[str], state: str) -> None:
    recipe = recipe_of(nano, SHORT)
    seen = Snapshot(Path("run"), recipe, live=True, events=[{"event": event, "step": 1} for event in events])
    assert seen.state == state
