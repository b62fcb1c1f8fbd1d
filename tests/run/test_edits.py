"""Editing a run under way: what is to come may change and is told, what was done may not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from prorl.errors import UserError
from prorl.recipe.load import load
from prorl.run import job, journal, metrics
from prorl.run.edits import Change, changes
from prorl.run.loop import Loop

from .small import SHORT, recipe_of, silent

STAGES = [{"name": "one", "steps": 3}, {"name": "two", "steps": 4}, {"name": "three", "steps": 1}]


@pytest.fixture
def run(nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was left after step 5: two steps into its second stage of three."""
    record = Loop.record

    def record_and_interrupt(self: Loop, *values: Any) -> None:
        record(self, *values)
        self.interrupt.requested = self.step == 5

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "record", record_and_interrupt)
        job.start(recipe_of(nano, SHORT, stages=STAGES, evaluation=None), tmp_path / "run", silent())
    return tmp_path / "run"


def edit(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    data = yaml.safe_load((run / "recipe.yaml").read_text())
    change(data)
    (run / "recipe.yaml").write_text(yaml.safe_dump(data))


def told(run: Path) -> list[tuple[int, str, Any, Any]]:
    events = [event for event in journal.read(run / "journal.jsonl") if event["event"] == "edited"]
    return [(e["step"], c["key"], c["before"], c["after"]) for e in events for c in e["changes"]]


def test_a_later_stage_may_change_and_the_journal_tells_how(run: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["stages"][2] |= {"steps": 2, "set": {"rollout.temperature": 0.7}}
        data["stages"].append({"name": "four", "steps": 1})

    edit(run, change)
    assert job.resume(run, silent()).finished
    steps = [(record["step"], record["stage"]) for record in metrics.read(run / "metrics.jsonl")]
    assert steps[-4:] == [(7, "two"), (8, "three"), (9, "three"), (10, "four")]
    assert [(key, before) for _, key, before, _ in told(run)] == [
        ("stages.2.steps", 1), ("stages.2.set", "{}"), ("stages.3", "(absent)"),
    ]  # fmt: skip
    assert {step for step, *_ in told(run)} == {5}


def test_the_stage_under_way_may_be_prolonged_from_the_command_line(run: Path) -> None:
    job.resume(run, silent(), changed=["stages.two.steps=6", "checkpoint.every=1"])
    assert told(run) == [(5, "stages.1.steps", 4, 6), (5, "checkpoint.every", 3, 1)]
    assert load(str(run / "recipe.yaml")).stages[1].steps == 6
    assert len(metrics.read(run / "metrics.jsonl")) == 10
    assert [e["step"] for e in journal.read(run / "journal.jsonl") if e["event"] == "checkpoint"][-3:] == [8, 9, 10]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("rollout.temperature=0.5", "rollout.temperature: 1.0 -> 0.5 changes what this run has already done"),
        ("stages.one.steps=9", "stages.0.steps: 3 -> 9 changes what"),
        ("stages.two.set={rollout.temperature: 0.5}", "stages.1.set"),
        ("seed=5", "seed: 0 -> 5 changes what"),
        ("tasks.toy/echo.weight=2", "tasks"),
        ("stages.two.steps=1", "stage 'two' has done 2 steps already; 1 are too few: 3 or more"),
        ("stages.two.steps=2", "stage 'two' has done 2 steps already; 2 are too few: 3 or more"),
    ],
)
def test_the_past_may_not_change(run: Path, change: str, words: str) -> None:
    before = (run / "recipe.yaml").read_bytes()
    with pytest.raises(UserError) as caught:
        job.resume(run, silent(), changed=[change])
    assert words in str(caught.value)
    assert (run / "recipe.yaml").read_bytes() == before
    assert job.resume(run, silent()).finished


def test_a_stage_under_way_can_not_be_taken_away(run: Path) -> None:
    edit(run, lambda data: data["stages"].__delitem__(slice(1, 3)))
    with pytest.raises(UserError, match=r"no longer has; put it back|changes what this run has already done"):
        job.resume(run, silent())


def test_all_guards_may_go_and_come_back(run: Path) -> None:
    assert job.resume(run, silent(), changed=["stages.three.steps=3", "health=null"]).finished
    assert [key for _, key, *_ in told(run)] == ["stages.2.steps", "health"]
    assert job.resume(run, silent(), changed=["stages.three.steps=4", "health={}"]).finished


def test_a_report_that_can_not_be_made_ends_no_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> Path:
        raise ValueError("nobody can draw this")

    said: list[str] = []
    monkeypatch.setattr(job, "write_report", fail)
    progress = silent()
    monkeypatch.setattr(progress, "event", said.append)
    assert job.resume(run, progress).finished
    assert said[-1].startswith("no report: nobody can draw this; mend it and write it by: prorl report ")


def test_a_run_goes_on_wherever_that_is_asked_for(nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its model was named by a folder of the place where it was begun."""
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(nano, tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    one = [{"name": "one", "steps": 1}]
    job.start(recipe_of(Path("tiny"), SHORT, stages=one, evaluation=None), Path("run"), silent())
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert job.resume(Path("../run"), silent(), changed=["stages.one.steps=2"]).finished


@pytest.mark.parametrize("kept", [True, False])
def test_validation_keeps_its_problems_when_what_later_stages_train_on_is_edited(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """A task that is trained on in the last stage only, or not at all, and then the other way round."""
    weight = {"set": {"tasks.toy/successor.weight": 1}}
    stages = [STAGES[0], STAGES[1], {**STAGES[2], **(weight if kept else {})}]
    tasks = [SHORT["tasks"][0], {**SHORT["tasks"][1], "weight": 0}]
    validation = {"every": 2, "problems_per_task": 1, "samples": 4}
    rules = {"plateau": {"patience": 9}}
    record = Loop.record

    def record_and_interrupt(self: Loop, *values: Any) -> None:
        record(self, *values)
        self.interrupt.requested = self.step in (4, 5)

    monkeypatch.setattr(Loop, "record", record_and_interrupt)
    recipe = recipe_of(nano, SHORT, tasks=tasks, stages=stages, validation=validation, resets=rules, evaluation=None)
    run = tmp_path / "run"
    job.start(recipe, run, silent())
    edited = [] if kept else ["tasks.toy/successor.weight=1"]
    edit(run, lambda data: data["stages"][2].__setitem__("set", dict(part.split("=") for part in edited)))
    assert not job.resume(run, silent()).finished
    assert job.resume(run, silent()).finished  # and when the edit is history
    measured = [sorted(key for key in record if key.startswith("pass_1/")) for record in validations(run)]
    assert len(measured) == 5
    assert measured == [["pass_1/toy/echo", *(["pass_1/toy/successor"] if kept else [])]] * 5
    asked = {json.loads(line)["task"] for line in (run / "rollouts" / "step_000008.jsonl").read_text().splitlines()}
    assert asked == ({"toy/echo"} if kept else {"toy/echo", "toy/successor"})


def validations(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "validations.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("stages.three.imitate={source: lessons.jsonl}", r"lessons\.jsonl"),
        ("stages.three.set={mixture.profile: profile.parquet}", r"profile\.parquet"),
        ("stages.three.set={tasks.toy/none.weight: 1}", "'toy/none' is not an item of that list"),
        ("stages.three.set={tasks.toy/echo.options.colour: red}", "colour"),
        ("stages.three.set={rollout.temperatur: 1}", "temperatur"),
    ],
)
def test_a_mistake_in_what_is_to_come_is_said_at_once_and_nothing_is_changed(
    run: Path, change: str, words: str
) -> None:
    before = [(run / name).read_bytes() for name in ("recipe.yaml", "journal.jsonl")]
    with pytest.raises(UserError, match=words) as caught:
        job.resume(run, silent(), changed=[change])
    assert "\n" not in str(caught.value)
    assert [(run / name).read_bytes() for name in ("recipe.yaml", "journal.jsonl")] == before


def test_what_an_edit_names_is_found_again_from_elsewhere(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lessons.jsonl").write_text('{"prompt": "ab>", "completion": "b"}\n')
    monkeypatch.chdir(tmp_path)
    assert job.resume(run, silent(), changed=["stages.three.imitate={source: lessons.jsonl}"]).finished
    imitate = load(str(run / "recipe.yaml")).stages[2].imitate
    assert imitate is not None
    assert imitate.source == str(tmp_path / "lessons.jsonl")


def test_an_edit_is_told_once(run: Path) -> None:
    """The journal knows the recipe as it is from then on."""
    job.resume(run, silent(), changed=["stages.three.steps=2"])
    job.resume(run, silent())
    assert len(told(run)) == 1


def test_only_what_differs_is_listed(nano: Path) -> None:
    one = recipe_of(nano, SHORT, stages=STAGES)
    assert changes(one, one) == []
    other = recipe_of(nano, SHORT, stages=STAGES, description="mine", objective={"kl": {"coefficient": 0.5}})
    assert changes(one, other) == [
        Change("description", "", "mine"), Change("objective.kl.coefficient", 0.01, 0.5),
    ]  # fmt: skip


def test_an_edit_holds_though_the_run_dies_again_before_its_first_checkpoint(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each life begins anew; in the end the journal knows what the stage was made with, and the run resumes."""
    record, run = Loop.record, tmp_path / "run"

    def record_and_die(self: Loop, *values: Any) -> None:
        record(self, *values)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "record", record_and_die)
        with pytest.raises(KeyboardInterrupt):
            job.start(recipe_of(nano, SHORT, stages=STAGES, evaluation=None), run, silent())
        for changed in (["stages.one.set={rollout.temperature: 0.7}"], [], []):
            with pytest.raises(KeyboardInterrupt):
                job.resume(run, silent(), changed=changed)
    assert told(run) == [(0, "stages.0.set", "{}", "{'rollout.temperature': 0.7}")]
    assert job.resume(run, silent()).finished
    assert job.resume(run, silent()).finished
