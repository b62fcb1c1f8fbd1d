"""Runs that go wrong in earnest, and what the guards make of them; and healthy ones, of which they say nothing."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from prorl.boundary import samples
from prorl.policy.nano import make_nano
from prorl.recipe.health import Health
from prorl.run import job, journal, metrics
from prorl.run.loop import Loop

from .small import recipe_of, silent

ECHO = {"task": "toy/echo", "options": {"symbols": 8, "length": 2}}
FALLING: dict[str, Any] = {
    "name": "falling",
    "tasks": [ECHO],
    "rollout": {"prompts_per_step": 8, "samples_per_prompt": 16, "max_new_tokens": 2, "dynamic_sampling": False},
    "optimizer": {"learning_rate": 3e-3},
    "compute": {"precision": "fp32", "threads": 1},
    "evaluation": None,
}


@pytest.fixture(autouse=True)
def tasks_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and in the workers."""
    folder = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", folder)


def events(run: Path, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in journal.read(run / "journal.jsonl") if event["event"] in kinds]


@pytest.mark.parametrize("seed", [0, 1])
def test_of_a_healthy_run_no_guard_says_a_word(tmp_path: Path, seed: int) -> None:
    """As long as the longest of the runs below before they are caught, with every guard as it is by default."""
    stages = [
        {"name": "learn", "steps": 25, "imitate": {}},
        {"name": "train", "steps": 80, "reset": {}, "set": {"optimizer.learning_rate": 2e-4}},
    ]
    changes = {"seed": seed, "stages": stages, "objective": {"kl": {"coefficient": 0.01}}}
    changes["rollout"] = {"prompts_per_step": 8, "samples_per_prompt": 16, "max_new_tokens": 6}
    model = make_nano(tmp_path / "nano", init_std=0.1, seed=seed)
    recipe = recipe_of(model, FALLING, **changes)
    assert recipe.health == Health()
    job.start(recipe, tmp_path / "run", silent())
    rewards = [r["reward"] for r in metrics.read(tmp_path / "run" / "metrics.jsonl") if r["stage"] == "train"]
    assert len(rewards) == 80
    assert fmean(rewards[-10:]) > fmean(rewards[:10]) + 0.2  # it learns
    said = events(tmp_path / "run", "warning", "reset", "pause", "stop")
    assert [event["reason"] for event in said] == ["entry of stage 'train'"]


def test_a_dead_verifier_stops_the_run_within_its_window(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, dies_after = tmp_path / "dead", 9
    record = Loop.record

    def record_and_kill(self: Loop, *values: Any) -> None:
        record(self, *values)
        if self.step == dies_after:
            dead.touch()

    monkeypatch.setattr(Loop, "record", record_and_kill)
    task = {"task": "tasks_for_guards:Dying", "options": {**ECHO["options"], "dead": str(dead)}}
    recipe = recipe_of(nano, FALLING, tasks=[task], stages=[{"name": "a", "steps": 40}])
    result = job.start(recipe, tmp_path / "run", silent())
    assert result.stopped is not None
    assert not result.stopped.asked
    assert result.stopped.reason.startswith("verifier_failures: verifier_failures is ")
    (stop,) = events(tmp_path / "run", "stop")
    assert recipe.health.verifier_failures is not None
    assert dies_after < stop["step"] <= dies_after + recipe.health.verifier_failures.window
    records = metrics.read(tmp_path / "run" / "metrics.jsonl")
    assert [record["verifier_failures"] for record in records[dies_after:]] == [1.0] * (len(records) - dies_after)
    assert all("kl" not in record for record in records[dies_after:])  # nothing was learnt from no verdict at all


def test_a_run_without_dynamic_sampling_that_learns_nothing_is_stopped(nano: Path, tmp_path: Path) -> None:
    task = {"task": "toy/echo", "options": {"symbols": 16, "length": 4}}
    rollout = {**FALLING["rollout"], "prompts_per_step": 2, "samples_per_prompt": 2}
    changes = {"tasks": [task], "rollout": rollout, "optimizer": {"learning_rate": 1e-9}}
    run = tmp_path / "run"
    result = job.start(recipe_of(nano, FALLING, **changes, stages=[{"name": "a", "steps": 40}]), run, silent())
    assert result.stopped is not None
    assert result.stopped.reason.startswith("zero_signal: zero_signal is 1 in the mean of steps ")
    records = metrics.read(run / "metrics.jsonl")
    assert len(records) < 40
    assert all(record["groups_none_solved"] + record["groups_all_solved"] == 2 for record in records[-8:])
    assert all(record["groups_trained"] == 2 for record in records)


def test_reward_hacking_by_length_is_told_within_its_window(nano: Path, tmp_path: Path) -> None:
    lesson = tmp_path / "short.jsonl"
    lesson.write_text(
        "".join(json.dumps({"prompt": f"{a}{b}>", "completion": a}) + "\n" for a in "abcd" for b in "efgh")
    )
    task = {"task": "tasks_for_guards:PaidByLength", "options": {"symbols": 16, "length": 2}}
    stages = [
        {"name": "be brief", "steps": 30, "imitate": {"source": str(lesson)}},
        {"name": "hack", "steps": 80, "reset": {}, "set": {"optimizer.learning_rate": 5e-4}},
    ]
    rollout = {**FALLING["rollout"], "max_new_tokens": 20}
    run = tmp_path / "run"
    job.start(recipe_of(nano, FALLING, tasks=[task], stages=stages, rollout=rollout), run, silent())
    records = [record for record in metrics.read(run / "metrics.jsonl") if record["stage"] == "hack"]
    lengths = [record["length_mean"] for record in records]
    baseline = sum(lengths[:10]) / 10
    assert lengths[-1] > 4 * baseline  # the hack worked
    assert records[-1]["reward"] > 2 * records[0]["reward"]
    beyond = 30 + next(place for place, length in enumerate(lengths, start=1) if length > 3 * baseline)
    told = [event["step"] for event in events(run, "warning") if event["message"].startswith("length: ")]
    assert beyond <= told[0] <= beyond + 10


def test_a_task_that_comes_to_one_answer_is_told_of_at_the_next_validation(tmp_path: Path) -> None:
    task = {"task": "tasks_for_guards:OftenA", "options": {"symbols": 16, "length": 2}}
    validation = {"every": 5, "problems_per_task": 8, "samples": 8}
    run, model = tmp_path / "run", make_nano(tmp_path / "nano", init_std=0.1, seed=0)
    changes: dict[str, Any] = {"tasks": [task], "stages": [{"name": "a", "steps": 30}], "validation": validation}
    job.start(recipe_of(model, FALLING, **changes), run, silent())
    texts = [samples.read(run / "samples" / f"validation_{step:06d}.parquet")["text"] for step in range(0, 31, 5)]
    shares = [float((of_step == "a").mean()) for of_step in texts]  # type: ignore[arg-type]
    beyond = next(5 * place for place, share in enumerate(shares) if share > 0.9)
    told = [event for event in events(run, "warning") if event["message"].startswith("one_answer: ")]
    assert [event["step"] for event in told] == [beyond]
    pass_1 = [line["pass_1"] for line in metrics.read(run / "validations.jsonl")]
    assert pass_1[-1] > pass_1[0] + 0.3  # what all other numbers say of it: it learns


def test_entropy_that_is_driven_out_is_told_within_its_window(nano: Path, tmp_path: Path) -> None:
    band = {"low": 0.0, "high": 1e-6, "step": 0.05, "maximum": 5.0}  # whatever there is, is too much
    changes = {"objective": {"entropy": band}, "health": {"zero_signal": None}}
    recipe = recipe_of(nano, FALLING, **changes, stages=[{"name": "a", "steps": 60}])
    run = tmp_path / "run"
    job.start(recipe, run, silent())
    entropies = [record["entropy"] for record in metrics.read(run / "metrics.jsonl") if "entropy" in record]
    baseline = sum(entropies[:10]) / 10
    assert entropies[-1] < 0.05 * baseline
    beyond = next(place for place, entropy in enumerate(entropies, start=1) if entropy < 0.1 * baseline)
    told = [event for event in events(run, "warning") if event["message"].startswith("entropy: ")]
    assert beyond <= told[0]["step"] <= beyond + 10


def test_a_blow_up_is_rolled_back_and_stops_the_run_when_it_comes_again_and_again(nano: Path, tmp_path: Path) -> None:
    """It learns by imitation; then the learning rate is so large that every step destroys what was learnt."""
    stages = [
        {"name": "learn", "steps": 60, "imitate": {}},
        {"name": "calm", "steps": 12, "reset": {}, "set": {"optimizer.learning_rate": 3e-4}},
        {"name": "blow up", "steps": 200, "set": {"optimizer.learning_rate": 0.3}},
    ]
    health = {"collapse": {"window": 5}, "cooldown": 0, "most_roll_backs": 2, "zero_signal": None}
    validation = {"every": 4, "problems_per_task": 6, "samples": 8}
    recipe = recipe_of(nano, FALLING, stages=stages, health=health, validation=validation)
    run = tmp_path / "run"
    result = job.start(recipe, run, silent())
    records = metrics.read(run / "metrics.jsonl")
    rewards = {record["step"]: record["reward"] for record in records if "reward" in record}
    learnt = rewards[70]
    assert learnt > 0.5
    resets = [reset for reset in events(run, "reset") if not reset["reason"].startswith("entry of")]
    assert [reset["source"] for reset in resets] == ["best", "best"]
    assert all(reset["reason"].startswith("collapse: reward is") for reset in resets)
    assert all(reset["policy_of_step"] <= 76 for reset in resets)
    destroyed = next(step for step, reward in rewards.items() if reward < 0.5 * learnt)
    assert resets[0]["step"] <= destroyed + 5 + 5  # the window must be full since the stage began, then fall
    assert rewards[resets[0]["step"] + 1] > 0.5 * learnt  # back to a policy that can do it
    assert result.stopped is not None
    assert "roll" in result.stopped.reason
    assert len(records) < 272
