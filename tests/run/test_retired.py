"""Problems that are mastered are asked no more, and a run goes on when none of a task, or none at all, is left."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from prorl.boundary import samples
from prorl.run import job, journal, metrics
from prorl.run.report import write_report
from prorl.run.suites import Suites
from prorl.tasks.contract import Split

from .small import SHORT, decisions, fingerprint, recipe_of, silent

MASTERED = {"task": "tasks_for_guards:Generous", "options": {"symbols": 4, "length": 2}}
"""Eleven words, called toy/echo."""
RETIRING: dict[str, Any] = {
    **SHORT,
    "rollout": {
        "prompts_per_step": 8, "samples_per_prompt": 2, "max_new_tokens": 3, "dynamic_sampling": False,
        "retire_after": 1,
    },
    "optimizer": {"learning_rate": 1e-6},
    "evaluation": None,
    "health": {"zero_signal": None},
    "checkpoint": {"every": 1, "keep": 100},
}  # fmt: skip


@pytest.fixture(autouse=True)
def tasks_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and in the workers."""
    folder = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", folder)


def events(run: Path, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in journal.effective(journal.read(run / "journal.jsonl")) if event["event"] in kinds]


def asked(run: Path, step: int) -> Counter[str]:
    lines = (run / "rollouts" / f"step_{step:06d}.jsonl").read_text().splitlines()
    return Counter(json.loads(line)["task"] for line in lines)


def test_a_mastered_task_leaves_its_share_to_the_others_and_that_is_told_once(nano: Path, tmp_path: Path) -> None:
    other = {"task": "toy/copy", "options": {"symbols": 16, "length": 2}}
    recipe = recipe_of(nano, RETIRING, tasks=[MASTERED, other], stages=[{"name": "one", "steps": 7}])
    whole = tmp_path / "whole"
    assert job.start(recipe, whole, silent()).finished
    assert asked(whole, 1) == {"toy/echo": 4, "toy/copy": 4}
    assert asked(whole, 7) == {"toy/copy": 8}
    (told,) = events(whole, "exhausted")
    assert told["message"] == (
        "toy/echo: only retired problems are left, so it is asked no more in this stage; "
        "the other tasks take over its share"
    )
    assert 3 <= told["step"] <= 5
    left = [record["tasks_left"] for record in metrics.read(whole / "metrics.jsonl")]
    assert left == [2] * (told["step"] - 1) + [1] * (8 - told["step"])
    for step in (told["step"] - 1, told["step"], told["step"] + 1):
        run = Path(shutil.copytree(whole, tmp_path / f"run{step}"))
        for folder in (run / "checkpoints").iterdir():
            if int(folder.name.removeprefix("step_")) > step:
                shutil.rmtree(folder)
        shutil.rmtree(run / "model")
        assert job.resume(run, silent()).finished
        assert fingerprint(run) == fingerprint(whole)
        assert decisions(run) == decisions(whole)


def test_a_stage_that_has_no_problem_left_ends_and_the_next_one_asks_them_again(nano: Path, tmp_path: Path) -> None:
    stages = [{"name": "one", "steps": 30}, {"name": "two", "steps": 1}, {"name": "three", "steps": 30}]
    run = tmp_path / "run"
    result = job.start(recipe_of(nano, RETIRING, tasks=[MASTERED], stages=stages), run, silent())
    assert (result.finished, result.stopped) == (True, None)
    ends = [(event["name"], event["reason"]) for event in events(run, "stage_end")]
    none_left = "no problem is left to ask: all are retired"
    assert ends == [("one", none_left), ("two", "1 steps done"), ("three", none_left)]
    records = metrics.read(run / "metrics.jsonl")
    assert len(records) < 10
    assert records[-1]["tasks_left"] == records[-1]["groups_sampled"] == 0
    write_report(run)


def test_a_run_that_ended_for_want_of_problems_has_nothing_more_to_do_in_that_stage(nano: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    job.start(recipe_of(nano, RETIRING, tasks=[MASTERED], stages=[{"name": "one", "steps": 30}]), run, silent())
    steps = len(metrics.read(run / "metrics.jsonl"))
    more = job.resume(run, silent(), changed=['stages=[{"name": "one", "steps": 30}, {"name": "two", "steps": 1}]'])
    assert more.finished
    assert len(metrics.read(run / "metrics.jsonl")) == steps + 1


def test_an_imitating_stage_whose_problems_a_profile_retires_ends_too(nano: Path, tmp_path: Path) -> None:
    stages = [{"name": "one", "steps": 30, "imitate": {}, "profile": {"problems": 60, "samples": 2}}]
    run = tmp_path / "run"
    assert job.start(recipe_of(nano, RETIRING, tasks=[MASTERED], stages=stages), run, silent()).finished
    (end,) = events(run, "stage_end")
    assert (end["step"], end["reason"]) == (1, "no problem is left to ask: all are retired")
    assert metrics.read(run / "metrics.jsonl")[0]["non_finite"] == 0.0
    assert events(run, "reset", "stop", "warning") == []


def test_a_stage_may_look_at_what_comes_when_a_profile_retired_all_of_it(nano: Path, tmp_path: Path) -> None:
    suite = Suites(recipe_of(nano, RETIRING, tasks=[MASTERED])).top
    profile = samples.table(
        {
            "model": "m", "task": "toy/echo", "problem": suite.tasks["toy/echo"].problem(Split.TRAIN, index).id,
            "sample": 0, "score": 1.0, "tolerant_score": 1.0, "outcome": "solved", "tokens": 1, "finished": True,
            "text": "",
        }
        for index in range(11)
    )  # fmt: skip
    samples.write(profile, tmp_path / "profile.parquet")
    looking = {"mixture.profile": str(tmp_path / "profile.parquet")}
    stages = [{"name": "one", "steps": 9, "set": looking, "profile": {"problems": 6, "samples": 2}}]
    run = tmp_path / "run"
    assert job.start(recipe_of(nano, RETIRING, tasks=[MASTERED], stages=stages), run, silent()).finished
    assert [(event["never"], event["always"]) for event in events(run, "profile")] == [(0, 0)]
    assert [event["step"] for event in events(run, "stage_end")] == [1]
