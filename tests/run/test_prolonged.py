"""A run with everything in it - stages, an imitating one, scheduled and automatic resets, a roll-back - goes on exactly
from wherever it was left."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from prorl.run import job, journal, metrics
from prorl.run.loop import Loop
from prorl.run.progress import PlainProgress

from .small import PROLONGED, decisions, fingerprint, kept_checkpoints, recipe_of, silent

STEPS = 16


@pytest.fixture(scope="module")
def unbroken(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "unbroken"
    recipe = recipe_of(nano, PROLONGED, checkpoint={"every": 1, "keep": 100})
    assert job.start(recipe, path, silent()).finished
    return path


def test_everything_that_makes_a_run_prolonged_is_in_it(unbroken: Path) -> None:
    events = journal.read(unbroken / "journal.jsonl")
    resets = {
        e["step"]: (e["source"], e["policy_of_step"], e["clear_optimizer"]) for e in events if e["event"] == "reset"
    }
    reasons = {e["step"]: e["reason"] for e in events if e["event"] == "reset"}
    assert "entry of stage 'one'" in reasons[3]
    assert resets[5] == ("best", 4, True)  # a roll-back that a guard asked for
    assert "script: entropy is" in reasons[5]
    assert resets[8] == ("current", 8, False)
    assert reasons[8] == "3 steps since the last reset"
    assert any("KL is" in reason for reason in reasons.values())
    assert [(e["step"], e["name"]) for e in events if e["event"] == "stage"] == [(0, "lesson"), (3, "one"), (10, "two")]
    assert [e["step"] for e in events if e["event"] == "validation"] == list(range(0, STEPS + 1, 2))
    assert len(metrics.read(unbroken / "metrics.jsonl")) == STEPS
    checked = [e for e in events if e["event"] == "reset_checked"]
    assert {e["step"] for e in checked} >= {step + 1 for step in resets if step + 1 <= STEPS}
    assert {e["largest_log_ratio"] for e in checked} == {0.0}


@pytest.mark.parametrize("step", range(-1, STEPS + 1))
def test_n_steps_are_k_steps_and_a_resume(unbroken: Path, tmp_path: Path, step: int) -> None:
    """As if the process had died right after the checkpoint of `step`; -1: before there was any."""
    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    for checkpoint in kept_checkpoints(run):
        if checkpoint > step:
            shutil.rmtree(run / "checkpoints" / f"step_{checkpoint:06d}")
    shutil.rmtree(run / "model")
    for file in ("comparison.json", "samples/trained.parquet"):
        (run / file).unlink()
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(unbroken)
    assert decisions(run) == decisions(unbroken)


def test_stopping_after_every_step_changes_nothing(
    nano: Path, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, but left by Ctrl-C after each step, with few checkpoints kept."""
    made = Loop.record

    def record_and_interrupt(self: Loop, values: Any, timings: Any) -> None:
        made(self, values, timings)
        self.interrupt.requested = True

    monkeypatch.setattr(Loop, "record", record_and_interrupt)
    run = tmp_path / "run"
    result = job.start(recipe_of(nano, PROLONGED), run, silent())
    lives = 1
    while not result.finished:
        assert result.stopped is not None
        assert result.stopped.asked
        result = job.resume(run, silent())
        lives += 1
    assert lives == STEPS + 1  # the last makes the comparison
    assert fingerprint(run) == fingerprint(unbroken)
    apart = ("checkpoint", "stop")
    here, there = ([e for e in decisions(path) if e["event"] not in apart] for path in (run, unbroken))
    assert [e | {"settings": 0} for e in here] == [e | {"settings": 0} for e in there]


def test_the_policy_after_a_roll_back_is_that_of_the_best_checkpoint(unbroken: Path) -> None:
    from safetensors.torch import load_file

    best, back = (load_file(unbroken / "checkpoints" / f"step_{step:06d}" / "policy.safetensors") for step in (4, 5))
    assert best.keys() == back.keys()
    assert all(best[name].equal(back[name]) for name in best)
    assert load_file(unbroken / "checkpoints" / "step_000005" / "optimizer.safetensors") == {}


def test_the_person_sees_what_happens(nano: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    job.start(recipe_of(nano, PROLONGED, evaluation=None), tmp_path / "run", PlainProgress(Console(width=300)))
    shown = capsys.readouterr().out
    assert "stage 'lesson' ends: 3 steps done" in shown
    assert "reset of reference and optimizer, back to step 4 (script: entropy is" in shown
    assert "validation: pass@1" in shown
