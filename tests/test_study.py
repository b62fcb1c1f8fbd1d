"""The study's arms are recipes that differ in what their names say, and all sample equally many prompts."""

from __future__ import annotations

import importlib
import json
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

from prorl.boundary import samples
from prorl.policy.nano import make_nano
from prorl.recipe.load import at_stage, load
from prorl.recipe.schema import Recipe
from prorl.run import journal, metrics
from prorl.tasks.contract import Split
from prorl.tasks.registry import build
from prorl.tasks.specs import expanded

PROMPTS, STEPS = 16_000, 2_000
SMALL = """
name: small
model: {model}
tasks: [{{task: toy/echo, options: {{symbols: 4, length: 2}}}}]
rollout: {{prompts_per_step: 2, samples_per_prompt: 2, max_new_tokens: 2, dynamic_sampling: false}}
compute: {{precision: fp32, threads: 1}}
stages: [{{name: one, steps: 2}}]
evaluation: null
"""


@pytest.fixture(scope="module")
def study() -> ModuleType:
    return importlib.import_module("nano")


@pytest.fixture(scope="module")
def arms(study: ModuleType) -> dict[str, Recipe]:
    until = study.until(PROMPTS, STEPS)
    return {name: load("nano-prorl", [*until, *changes]) for name, changes in study.arms(PROMPTS, STEPS).items()}


def test_every_part_is_left_out_by_some_arm_and_only_where_it_is_said(arms: dict[str, Recipe]) -> None:
    def without(part: str) -> set[str]:
        return {name for name, recipe in arms.items() if part in _left_out(recipe)}

    assert without("kl") == {"no-kl", "no-reset-no-kl", "plain-grpo"}
    assert without("reset") == {"no-reset", "no-reset-no-kl", "plain-grpo"}
    assert without("dynamic sampling") == {"symmetric-clip-no-dynamic-sampling", "plain-grpo"}
    assert without("decoupled clip") == {"symmetric-clip-no-dynamic-sampling", "plain-grpo"}
    assert without("cleared optimizer") == {"keep-optimizer"}
    assert without("families") == {"one-family"}
    assert _left_out(arms["full"]) == set()


def _left_out(recipe: Recipe) -> set[str]:
    resets, objective, entry = recipe.resets, recipe.objective, recipe.stages[1].reset
    assert entry is None or entry.clear_optimizer == resets.clear_optimizer
    trained = {part.task.partition("@")[0] for spec in recipe.tasks if spec.weight for part in expanded(spec)}
    parts = {
        "kl": objective.kl.coefficient == 0,
        "reset": resets.every is resets.plateau is resets.kl_above is entry is None,
        "cleared optimizer": not resets.clear_optimizer,
        "dynamic sampling": not recipe.rollout.dynamic_sampling,
        "decoupled clip": objective.clip_low == objective.clip_high,
        "families": len(trained) == 1,
    }
    return {name for name, left_out in parts.items() if left_out}


def test_all_arms_sample_equally_many_prompts_in_at_least_so_many_steps(arms: dict[str, Recipe]) -> None:
    for recipe in arms.values():
        rollout = recipe.rollout
        most = rollout.max_sampling_factor if rollout.dynamic_sampling else 1.0
        assert PROMPTS / (rollout.prompts_per_step * most) >= STEPS
        ends = []
        for stage in recipe.stages:
            assert stage.until is not None
            assert stage.until.target is not None
            assert stage.until.target.metric == "prompts_so_far"
            assert stage.steps * rollout.prompts_per_step >= PROMPTS  # so it's the prompts that end it
            ends.append(stage.until.target.at_least)
        assert ends == [0.4 * PROMPTS, PROMPTS]
        assert rollout.samples_per_prompt == arms["full"].rollout.samples_per_prompt


def test_one_family_has_the_levels_that_the_others_have_in_each_stage(arms: dict[str, Recipe]) -> None:
    for index in (0, 1):
        full, one = (at_stage(arms[name], index).tasks for name in ("full", "one-family"))
        levels = {spec.task.removeprefix("suite/nano-"): spec.weight for spec in full if "level" in spec.task}
        assert {spec.task: spec.weight for spec in one} == {f"nano/strings@{k}": weight for k, weight in levels.items()}
        assert [spec.options for spec in one] == [{"level": level} for level in range(1, 7)]
        assert levels["level5"] == (1, 4)[index]


def test_the_hardest_levels_and_a_whole_family_are_never_trained_on(arms: dict[str, Recipe]) -> None:
    base = load("nano-base")
    for recipe in (base, *arms.values()):
        for index in range(len(recipe.stages)):
            parts = [part for spec in at_stage(recipe, index).tasks for part in expanded(spec)]
            trained = {part.task for part in parts if part.weight}
            assert trained
            assert not any(name.endswith(("@level6", "@level7", "@level8")) for name in trained)
            assert not any(name.startswith(("nano/digits", "nano/walks")) for name in trained)


def test_a_run_is_made_once(study: ModuleType, tmp_path: Path) -> None:
    recipe = tmp_path / "small.yaml"
    recipe.write_text(SMALL.format(model=make_nano(tmp_path / "model", layers=1, hidden=16)))
    run = tmp_path / "out" / "seed0" / "full"
    assert not study.finished(run)
    assert study.command(run, str(recipe), ["seed=1"])[-4:] == [str(recipe), "seed=1", "--out", str(run)]
    assert study.make(run, str(recipe), ["seed=1"]) == f"{run}: finished"
    assert study.command(run, str(recipe), ["seed=1"])[-2:] == ["--resume", str(run)]
    written = (run / "journal.jsonl").read_text()
    assert study.make(run, str(recipe), ["seed=1"]) == f"{run}: was finished"
    assert (run / "journal.jsonl").read_text() == written
    missing = study.make(tmp_path / "out" / "seed0" / "none", "no-such-recipe", [])
    assert "left with code 2, see" in missing


def test_a_run_waits_for_its_own_base_and_for_no_other(
    study: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    some_run_is_done = threading.Event()

    def bring(run: Path, recipe: str, changes: list[str], seed: int) -> list[str]:
        name = f"{run.parent.name}/{run.name}"
        if name == "seed1/base":
            assert some_run_is_done.wait(20), "the other worker stands still until all bases are made"
        happened.append(name)
        assert "compute.precision=fp32" in changes
        if recipe == "nano-prorl":
            assert f"model={run.parent}/base/model" in changes
            assert f"seed{seed}/base" in happened
            some_run_is_done.set()
        return [name]

    monkeypatch.setattr(study, "bring", bring)
    names = ["--seeds", "0", "1", "2", "--arms", "no-kl", "full", "--precision", "fp32"]
    monkeypatch.setattr(sys, "argv", ["nano.py", "--out", str(tmp_path), *names])
    study.main()
    assert sorted(happened) == sorted(f"seed{s}/{run}" for s in range(3) for run in ("base", "no-kl", "full"))
    assert happened.index("seed0/no-kl") < happened.index("seed0/full"), "arms in the order that they are named in"


def test_a_model_is_measured_once_and_what_is_kept_of_its_run_is_what_it_did(
    study: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "PROBLEMS", 1)
    monkeypatch.setattr(study, "SAMPLES", 2)
    recipe = tmp_path / "small.yaml"
    reset = "stages: [{name: one, steps: 30}, {name: two, steps: 10, reset: {}}]"
    text = SMALL.format(model=make_nano(tmp_path / "model", layers=1, hidden=16))
    recipe.write_text(
        text.replace("stages: [{name: one, steps: 2}]", reset)
        + "validation: {every: 20, problems_per_task: 2, samples: 2}\nhealth: null\n"
    )
    run = tmp_path / "out" / "seed0" / "full"
    assert "isn't finished" in study.measure(run, 0)
    assert study.bring(run, str(recipe), ["seed=1"], 0) == [f"{run}: finished", f"{run.with_suffix('.parquet')}: made"]
    assert study.measure(run, 0) == f"{run.with_suffix('.parquet')}: was there"

    gather = importlib.import_module("gather")
    monkeypatch.setattr(sys, "argv", ["gather.py", str(tmp_path / "out"), "--out", str(tmp_path / "kept")])
    gather.main()
    kept = json.loads((tmp_path / "kept" / "seed0.json").read_text())["full"]
    assert (kept["steps"], kept["prompts"]) == (40, 80)
    assert kept["resets"] == [{"step": 30, "reason": "entry of stage 'two'"}]
    assert kept["curves"]["step"] == [25, 40]
    assert kept["began_with"] == journal.read(run / "journal.jsonl")[0]["reference_id"]
    (machine,) = kept["machines"]
    assert (machine["threads"], machine["precision"]) == (1, "fp32")
    steps = metrics.read(run / "metrics.jsonl")
    mean = sum(step["entropy"] for step in steps[25:]) / 15
    assert kept["curves"]["entropy"][1] == pytest.approx(mean, rel=1e-3)
    assert [line["step"] for line in kept["validations"]] == [0, 20, 40]
    assert kept["solved"]["samples"] == 2
    assert len(kept["solved"]["by_task"]) == 30
    monkeypatch.setattr(
        sys, "argv", ["gather.py", str(tmp_path / "out"), "--out", str(tmp_path / "few"), "--arms", "no-kl"]
    )
    gather.main()
    assert json.loads((tmp_path / "few" / "seed0.json").read_text()) == {}, "only the arms that were asked for"
    monkeypatch.setattr(sys, "argv", [*sys.argv[:-1], "no-lk"])
    with pytest.raises(SystemExit):
        gather.main()


def test_arms_of_a_seed_that_began_with_different_models_are_refused(tmp_path: Path) -> None:
    gather = importlib.import_module("gather")
    kept = {"base": {"began_with": "blank"}, "full": {"began_with": "one"}, "no-kl": {"began_with": "one"}}
    gather.require_twins(tmp_path / "seed3", kept)
    with pytest.raises(SystemExit, match=r"seed3: its arms began with different models.*'no-kl': 'other'"):
        gather.require_twins(tmp_path / "seed3", {**kept, "no-kl": {"began_with": "other"}})


def test_right_answers_by_wrong_steps_are_told_apart(study: ModuleType, tmp_path: Path) -> None:
    gather = importlib.import_module("gather")
    task = build("nano/strings", options={"level": 2})
    problem = task.problem(Split.TEST, 0)
    right = problem.payload["solution"]
    astray = "abcdef=" + right.partition("=")[2]
    rows = [
        {"model": "m", "task": "nano/strings", "problem": problem.id, "sample": number, "text": text,
         "score": task.judge(problem, text).score}
        for number, text in enumerate([right, astray, right, "abcdef=abcdef"])
    ]  # fmt: skip
    samples.write(samples.table(rows), tmp_path / "full.parquet")
    found = gather.solved(tmp_path / "full.parquet", {problem.id: problem}, {"nano/strings": task})
    assert found == {"samples": 4, "by_task": {"nano/strings": {problem.id: [3, 2]}}}
