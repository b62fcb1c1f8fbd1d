"""Which prompts are asked: shares of domains, profiles, and looking at what comes before a stage begins."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from prorl.boundary import samples
from prorl.errors import UserError
from prorl.run import job, journal
from prorl.run.suites import Suites

from .small import PROLONGED, SHORT, decisions, fingerprint, recipe_of, silent

MIXED = [{"task": "toy/echo"}, {"task": "toy/copy", "weight": 3}, {"task": "math/generated"}]


def asked(run: Path, first: int, last: int) -> list[dict[str, Any]]:
    """The groups that were sampled from step `first` to `last`."""
    files = [run / "rollouts" / f"step_{step:06d}.jsonl" for step in range(first, last + 1)]
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_domains_get_their_shares_whatever_their_tasks_weigh(nano: Path) -> None:
    suites = Suites(recipe_of(nano, SHORT, tasks=MIXED, mixture={"shares": {"toy": 1, "math": 3}}))
    assert suites.top.weights == {"toy/echo": 0.25, "toy/copy": 0.75, "math/generated": 3.0}
    stage = [{"name": "a", "steps": 1}, {"name": "b", "steps": 1, "set": {"mixture.shares": {"toy": 1}}}]
    suites = Suites(recipe_of(nano, SHORT, tasks=MIXED, stages=stage))
    assert suites.at(0).weights["math/generated"] == 1.0
    assert suites.at(1).weights == {"toy/echo": 0.25, "toy/copy": 0.75, "math/generated": 0.0}
    with pytest.raises(UserError, match="domain 'code' has a share but no task to ask"):
        Suites(recipe_of(nano, SHORT, tasks=MIXED, mixture={"shares": {"code": 1}}))


def test_a_suite_is_many_tasks_that_share_its_weight(nano: Path) -> None:
    tasks = [{"task": "suite/graph-color-sizes", "weight": 7}, {"task": "toy/echo"}]
    suites = Suites(recipe_of(nano, SHORT, tasks=tasks))
    assert suites.top.weights["reasoning_gym/graph_color@15"] == pytest.approx(1.0)
    assert len(suites.top.weights) == 8
    with pytest.raises(UserError, match="unknown task suite 'logik'; did you mean 'logic'"):
        Suites(recipe_of(nano, SHORT, tasks=[{"task": "suite/logik"}]))


def test_what_a_profile_found_always_or_never_solved_is_not_asked_in_that_stage(nano: Path, tmp_path: Path) -> None:
    stages = [{"name": "a", "steps": 3}, {"name": "b", "steps": 3, "set": {"mixture.profile": "profile.parquet"}}]
    recipe = recipe_of(nano, SHORT, stages=stages, evaluation=None)
    job.start(recipe_of(nano, SHORT, stages=stages[:1], evaluation=None), tmp_path / "first", silent())
    seen = sorted({(group["task"], group["problem"]) for group in asked(tmp_path / "first", 1, 3)})
    scores = {0: (0.0, 0.0), 1: (1.0, 1.0), 2: (0.0, 1.0)}
    rows = [
        {"model": "m", "task": task, "problem": problem, "sample": number, "score": score, "tolerant_score": score,
         "outcome": "solved" if score else "wrong", "tokens": 1, "finished": True, "text": ""}
        for place, (task, problem) in enumerate(seen)
        for number, score in enumerate(scores[place % 3])
    ]  # fmt: skip
    others = [{**row, "task": "toy/other"} for row in rows]
    samples.write(samples.table(others), tmp_path / "others.parquet")
    samples.write(samples.table(rows), tmp_path / "profile.parquet")
    with pytest.raises(UserError, match=r"others\.parquet has samples of toy/other, and none of them is a task of the"):
        job.start(
            recipe_of(nano, SHORT, stages=stages, mixture={"profile": str(tmp_path / "others.parquet")}),
            tmp_path / "refused", silent(),
        )  # fmt: skip
    assert not (tmp_path / "refused").exists()
    with pytest.raises(UserError, match="there is no such file; make one with prorl tasks profile"):
        job.start(recipe, tmp_path / "run", silent())
    assert not (tmp_path / "run").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        job.start(recipe, tmp_path / "run", silent())
    teaching = {problem for place, (_, problem) in enumerate(seen) if place % 3 == 2}
    known = {problem for _, problem in seen}
    before, after = ({group["problem"] for group in asked(tmp_path / "run", *steps)} for steps in ((1, 3), (4, 6)))
    assert before - teaching  # the stage before asks all of them
    assert after & known <= teaching
    assert after & teaching


def test_a_stage_can_look_at_what_comes_and_asks_what_teaches(nano: Path, tmp_path: Path) -> None:
    stages = [
        {"name": "learn", "steps": 30, "imitate": {}, "set": {"optimizer.learning_rate": 3e-3}},
        {"name": "train", "steps": 4, "reset": {}, "profile": {"problems": 12, "samples": 16}},
    ]
    run = tmp_path / "run"
    changes = {"stages": stages, "evaluation": None, "optimizer": {"learning_rate": 1e-5}}
    job.start(recipe_of(nano, SHORT, **changes), run, silent())
    events = [event["event"] for event in journal.read(run / "journal.jsonl")]
    assert events.index("stage", 2) < events.index("reset") < events.index("profile")
    (profile,) = [event for event in journal.read(run / "journal.jsonl") if event["event"] == "profile"]
    table = samples.read(run / "samples" / "profile_000030.parquet")
    rates = {row["problem"]: row["c"] / row["n"] for row in samples.counts(table).iter_rows(named=True)}
    outcomes = Counter("never" if rate == 0 else "always" if rate == 1 else "teach" for rate in rates.values())
    assert {name: profile[name] for name in ("never", "always", "teach")} == {
        "never": 0,
        "always": 0,
        "teach": 0,
    } | outcomes
    left_out = {problem for problem, rate in rates.items() if rate in (0.0, 1.0)}
    assert left_out
    trained = {group["problem"] for group in asked(run, 31, 34)}
    assert not trained & left_out
    assert trained & (rates.keys() - left_out)  # the profiled problems that teach come next


def test_a_run_that_profiles_resumes_exactly(nano: Path, tmp_path: Path) -> None:
    import shutil

    stages = [{**stage, "profile": {"problems": 6, "samples": 4}} for stage in PROLONGED["stages"]]
    recipe = recipe_of(nano, PROLONGED, stages=stages, checkpoint={"every": 1, "keep": 100})
    whole = tmp_path / "whole"
    job.start(recipe, whole, silent())
    assert sum(event["event"] == "profile" for event in journal.read(whole / "journal.jsonl")) == 3
    for step in (2, 9):
        run = Path(shutil.copytree(whole, tmp_path / f"run{step}"))
        for folder in (run / "checkpoints").iterdir():
            if int(folder.name.removeprefix("step_")) > step:
                shutil.rmtree(folder)
        shutil.rmtree(run / "model")
        (run / "samples" / "trained.parquet").unlink()
        job.resume(run, silent())
        assert fingerprint(run) == fingerprint(whole)
        assert decisions(run) == decisions(whole)
