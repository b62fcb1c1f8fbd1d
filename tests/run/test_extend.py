"""A finished run that is given more to do goes on as if it had been asked for all of it at once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from prorl.errors import UserError
from prorl.run import job, journal, report_data
from prorl.run.loop import Loop
from prorl.run.requests import ask
from prorl.run.watch_data import Watched

from .small import PROLONGED, SHORT, decisions, fingerprint, recipe_of, silent

EVERY = {"every": 1, "keep": 100}
LESSON, ONE, TWO = PROLONGED["stages"]
"""Of 3, 7 and 6 steps; after the first the reference is reset, and after 13 steps by rule."""


def made(nano: Path, path: Path, stages: list[dict[str, Any]], **changes: Any) -> Path:
    assert job.start(recipe_of(nano, PROLONGED, stages=stages, checkpoint=EVERY, **changes), path, silent()).finished
    return path


@pytest.fixture(scope="module")
def at_once(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(nano, tmp_path_factory.mktemp("runs") / "at-once", [LESSON, ONE, TWO])


def happened(run: Path) -> Counter[str]:
    """All that holds, but what tells that the run was extended and what the checkpoint of its old end held."""
    apart = ("start", "edited", "extended", "checkpoint")
    return Counter(json.dumps(e, sort_keys=True) for e in decisions(run) if e["event"] not in apart)


def append(run: Path, stage: dict[str, Any]) -> None:
    data = yaml.safe_load((run / "recipe.yaml").read_text())
    data["stages"].append(stage)
    (run / "recipe.yaml").write_text(yaml.safe_dump(data))


def steps_of(stage: dict[str, Any], steps: int) -> dict[str, Any]:
    return {**stage, "steps": steps}


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_more_steps_of_the_last_stage(nano: Path, at_once: Path, tmp_path: Path, steps: int) -> None:
    """After 3 steps of it a rule would have reset the reference, had the run not been over."""
    run = made(nano, tmp_path / "run", [LESSON, ONE, steps_of(TWO, steps)])
    assert job.resume(run, silent(), changed=["stages.two.steps=6"]).finished
    assert fingerprint(run) == fingerprint(at_once)
    assert happened(run) == happened(at_once)


@pytest.mark.parametrize("ended", [1, 2])
def test_further_stages(nano: Path, at_once: Path, tmp_path: Path, ended: int) -> None:
    """With a reset on entry, or none; again and again."""
    stages = [LESSON, ONE, TWO]
    run = made(nano, tmp_path / "run", stages[:ended])
    for stage in stages[ended:]:
        append(run, stage)
        assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(at_once)
    assert happened(run) == happened(at_once)


def test_a_plateau_of_a_further_stage_is_held_against_the_validation_before_it(nano: Path, tmp_path: Path) -> None:
    """The one after step 10; no other is progress."""
    far = {**TWO, "steps": 30, "until": {"plateau": {"patience": 3, "min_gain": 0.9}}}
    whole, run = made(nano, tmp_path / "whole", [LESSON, ONE, far]), made(nano, tmp_path / "run", [LESSON, ONE])
    append(run, far)
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)
    assert happened(run) == happened(whole)
    [end] = [e for e in decisions(run) if e["event"] == "stage_end" and e["name"] == "two"]
    assert (end["step"], end["reason"]) == (16, "no progress in 3 validations")


def test_a_stage_that_an_until_ended_goes_on_with_another(nano: Path, tmp_path: Path) -> None:
    def up_to(steps: int) -> dict[str, Any]:
        target = {"metric": "prompts_so_far", "at_least": 4 * steps}
        return {"name": "one", "steps": 50, "until": {"target": target}}

    whole, run = (tmp_path / name for name in ("whole", "run"))
    for path, steps in ((whole, 7), (run, 3)):
        job.start(recipe_of(nano, SHORT, stages=[up_to(steps)]), path, silent())
    assert job.resume(run, silent(), changed=[f"stages.one.until={json.dumps(up_to(7)['until'])}"]).finished
    assert fingerprint(run) == fingerprint(whole)
    assert happened(run) == happened(whole)


@pytest.mark.parametrize("change", ["steps=100", "steps=30", "until.target.at_least=8"])
def test_what_ended_a_stage_ends_it_still(nano: Path, tmp_path: Path, change: str) -> None:
    run, until = tmp_path / "run", {"target": {"metric": "prompts_so_far", "at_least": 12}}
    job.start(recipe_of(nano, SHORT, stages=[{"name": "one", "steps": 50, "until": until}]), run, silent())
    with pytest.raises(UserError, match="gives it nothing to do"):
        job.resume(run, silent(), changed=[f"stages.one.{change}"])


def test_a_person_s_reset_at_the_old_end_is_the_only_one(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ever: the next stage's own reset is left out then, and the optimizer is kept."""
    further = {"name": "next", "steps": 3, "reset": {"clear_optimizer": True}}
    record = Loop.record

    def record_and_ask(self: Loop, *values: Any) -> None:
        record(self, *values)
        if self.step == 10:
            ask(self.directory.path, "reset", reset={"clear_optimizer": False, "to": "current"})

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "record", record_and_ask)
        whole = made(nano, tmp_path / "whole", [LESSON, ONE, further])
        run = made(nano, tmp_path / "run", [LESSON, ONE])
    append(run, further)
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)
    assert happened(run) == happened(whole)
    assert [e["reason"] for e in decisions(run) if e["event"] == "reset" and e["step"] == 10] == [
        "asked for by a person"
    ]


def test_both_models_are_sampled_up_to_one_length(nano: Path, tmp_path: Path) -> None:
    run = made(nano, tmp_path / "run", [LESSON, ONE])
    append(run, {"name": "longer", "steps": 1, "set": {"rollout.max_new_tokens": 9}})
    assert job.resume(run, silent()).finished
    told = [e for e in decisions(run) if e["event"] == "evaluation"]
    assert [(e["model"], e["max_new_tokens"]) for e in told] == [("base", 3), ("trained", 3)]


def test_validation_may_be_due_otherwise_from_now_on(nano: Path, tmp_path: Path) -> None:
    """After step 10 there was none, though by the new schedule there would have been."""
    run = made(nano, tmp_path / "run", [LESSON, ONE], validation={**PROLONGED["validation"], "every": 4})
    assert job.resume(run, silent(), changed=["stages.one.steps=9", "validation.every=5"]).finished
    assert [e["step"] for e in decisions(run) if e["event"] == "validation"] == [0, 4, 8]


def test_a_validation_that_is_needed_and_lost_is_told_before_anything_is_moved(nano: Path, tmp_path: Path) -> None:
    run = made(nano, tmp_path / "run", [LESSON, ONE])
    lost = run / "samples" / "validation_000010.parquet"
    kept = lost.rename(tmp_path / lost.name)
    append(run, TWO)
    with pytest.raises(UserError, match=r"validation_000010\.parquet is missing and the run needs it to go on"):
        job.resume(run, silent())
    kept.rename(lost)
    assert job.resume(run, silent()).finished


@pytest.mark.parametrize("extended", [True, False])
def test_results_of_an_end_that_was_lost_are_not_taken_for_the_new_ones(
    nano: Path, tmp_path: Path, extended: bool
) -> None:
    """The checkpoint of step 16 is damaged and moved away, with others; so it goes on from one before."""
    run = made(nano, tmp_path / "run", [LESSON, ONE] if extended else [LESSON, ONE, TWO])
    if extended:
        append(run, TWO)
        assert job.resume(run, silent()).finished
    for step in range(11, 17):
        shutil.rmtree(run / "checkpoints" / f"step_{step:06d}")
    before = fingerprint(run)
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == before
    ends = ["000010"] * extended + ["000016"]
    assert sorted(path.name for path in run.glob("model*")) == ["model", *(f"model_{end}" for end in ends)]
    assert [(e["model"], e["step"]) for e in decisions(run) if e["event"] == "evaluation"] == [
        ("base", 0),
        ("trained", 16),
    ]


def test_what_was_made_at_the_old_end_stays_beside_the_new(nano: Path, tmp_path: Path) -> None:
    run = made(nano, tmp_path / "run", [LESSON, ONE])
    names = ("model/model.safetensors", "comparison.json", "samples/trained.parquet")
    old = [(run / name).read_bytes() for name in names]
    assert job.resume(run, silent(), changed=["stages.one.steps=9"]).finished
    aside = ("model_000010/model.safetensors", "comparison_000010.json", "samples/trained_000010.parquet")
    assert [(run / name).read_bytes() for name in aside] == old
    assert (run / names[0]).read_bytes() != old[0]
    assert all((run / name).is_file() for name in names)


def test_while_it_goes_on_nothing_says_that_it_is_finished(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(nano, tmp_path / "run", [LESSON, ONE])
    assert (Watched(run).look().state, Watched(run).look().total) == ("finished", 10)
    record = Loop.record

    def record_and_look(self: Loop, *values: Any) -> None:
        record(self, *values)
        if self.step == 11:
            seen = Watched(run).look()
            assert (seen.state, seen.stage, seen.total) == ("running", "two", 16)
            assert not report_data.load(run).finished
            ask(run, "stop")

    append(run, TWO)
    with monkeypatch.context() as patch:
        patch.setattr(Loop, "record", record_and_look)
        assert not job.resume(run, silent()).finished
    assert job.resume(run, silent()).finished
    assert Watched(run).look().state == "finished"


@pytest.mark.parametrize("dies_after", [10, 11, 13])
def test_it_may_die_before_its_next_checkpoint(
    nano: Path, at_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    """Then it goes on from its old end once more; what was decided there stands in the journal once."""
    run = made(nano, tmp_path / "run", [LESSON])
    append(run, ONE)
    assert job.resume(run, silent()).finished
    append(run, TWO)
    method = "extend" if dies_after == 10 else "record"
    real = getattr(Loop, method)

    def die(self: Loop, *values: Any) -> None:
        real(self, *values)
        if self.step == dies_after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "checkpoint", lambda self, reset=False: None)
        patch.setattr(Loop, method, die)
        with pytest.raises(KeyboardInterrupt):
            job.resume(run, silent())
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(at_once)
    assert happened(run) == happened(at_once)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "health.cooldown=7",
            "is finished, and health.cooldown gives it nothing to do; to go on from it, give",
        ),
        ("stages.one.until={target: {metric: reward, at_least: 2}}", "stages.1.until gives it nothing to do"),
        ("stages.one.steps=6", "stage 'one' has done 7 steps already; 6 are too few: 7 or more"),
        ("stages.lesson.steps=5", "changes what this run has already done"),
    ],
)
def test_what_gives_it_nothing_to_do_is_refused(nano: Path, tmp_path: Path, change: str, words: str) -> None:
    run = made(nano, tmp_path / "run", [LESSON, ONE])
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with pytest.raises(UserError) as caught:
        job.resume(run, silent(), changed=[change])
    assert words in str(caught.value)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_resuming_a_finished_run_leaves_it_finished(nano: Path, tmp_path: Path) -> None:
    run = made(nano, tmp_path / "run", [LESSON, ONE])
    before = fingerprint(run)
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == before
    assert not any(event["event"] == "extended" for event in journal.read(run / "journal.jsonl"))
    with pytest.raises(UserError, match="is finished; to go on from it"):
        ask(run, "stop")  # though the last event is the resume
