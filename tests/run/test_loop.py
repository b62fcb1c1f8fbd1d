"""Whole runs of a tiny model: they learn, they repeat, they resume, and a reset is what it says."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from prorl.errors import IntegrityError, UserError
from prorl.policy.nano import make_nano
from prorl.recipe.load import load, to_yaml, validate
from prorl.recipe.schema import Recipe
from prorl.run import job, journal, metrics
from prorl.run.progress import PlainProgress

SHORT: dict[str, Any] = {
    "name": "short",
    "tasks": [
        {"task": "toy/echo", "options": {"symbols": 4, "length": 2}},
        {"task": "toy/successor", "options": {"symbols": 4, "length": 2}},
    ],
    "rollout": {"prompts_per_step": 4, "samples_per_prompt": 16, "max_new_tokens": 3, "dynamic_sampling": False},
    "optimizer": {"learning_rate": 1e-3, "updates_per_step": 2, "warmup_steps": 2},
    "objective": {"kl": {"coefficient": 0.01}},
    "compute": {"precision": "fp32", "threads": 1, "train_tokens": 200},
    "stages": [
        {"name": "one", "steps": 4},
        {
            "name": "two",
            "steps": 4,
            "reset": {"clear_optimizer": True},
            "set": {"rollout.dynamic_sampling": True, "rollout.temperature": 1.2},
        },
        {"name": "three", "steps": 2, "reset": {"clear_optimizer": False}},
    ],
    "evaluation": {"problems_per_task": 1, "samples": 4},
    "checkpoint": {"every": 3, "keep": 20},
}


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nano(tmp_path_factory.mktemp("models") / "nano", init_std=0.1)


@pytest.fixture
def a_recipe(nano: Path) -> Callable[..., Recipe]:
    def make(**changes: Any) -> Recipe:
        return validate({**SHORT, "model": str(nano), **changes}, "a test")

    return make


def silent() -> PlainProgress:
    return PlainProgress(Console(file=open(os.devnull, "w")))


def fingerprint(run: Path) -> dict[str, str]:
    """What two equal runs must have in common to the last bit."""
    files = ["metrics.jsonl", "model/model.safetensors", "comparison.json"]
    files += [str(path.relative_to(run)) for path in sorted((run / "rollouts").iterdir())]
    return {file: hashlib.sha256((run / file).read_bytes()).hexdigest() for file in files}


def decisions(run: Path) -> list[dict[str, Any]]:
    """What still holds of the journal, without clocks and without the fact of having been resumed."""
    kept = [
        e for e in journal.effective(journal.read(run / "journal.jsonl")) if e["event"] not in ("resume", "warning")
    ]
    return [{k: v for k, v in e.items() if k not in ("at", "peak_memory_gib")} for e in kept]


@pytest.fixture(scope="module")
def unbroken(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "unbroken"
    job.start(validate({**SHORT, "model": str(nano)}, "a test"), path, silent())
    return path


def test_the_same_recipe_and_seed_give_the_same_run_to_the_last_digit(
    a_recipe: Callable[..., Recipe], unbroken: Path, tmp_path: Path
) -> None:
    job.start(a_recipe(), tmp_path / "again", silent())
    assert fingerprint(tmp_path / "again") == fingerprint(unbroken)
    job.start(a_recipe(seed=1), tmp_path / "other", silent())
    assert fingerprint(tmp_path / "other")["metrics.jsonl"] != fingerprint(unbroken)["metrics.jsonl"]


def test_kl_is_exactly_zero_in_the_first_update_after_the_start_and_after_each_reset(unbroken: Path) -> None:
    events = journal.read(unbroken / "journal.jsonl")
    assert [e["step"] for e in events if e["event"] == "reset"] == [5, 9]
    checked = [e for e in events if e["event"] == "reset_checked"]
    assert [e["step"] for e in checked] == [1, 5, 9]
    assert [e["largest_log_ratio"] for e in checked] == [0.0, 0.0, 0.0]
    records = [r for r in metrics.read(unbroken / "metrics.jsonl") if "first_log_ratio" in r]
    drifts = {r["step"]: r["first_log_ratio"] for r in records}
    assert [drifts[step] for step in (1, 5, 9)] == [0.0, 0.0, 0.0]
    assert all(drifts[step] > 0 for step in drifts if step in (6, 7, 8, 10))
    assert len(drifts) >= 7  # else this says little


def test_a_reference_that_is_not_the_policy_stops_the_run(
    a_recipe: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reset that only pretends: the reference keeps its weights, and the next update must notice."""
    from prorl.engine.local.reference import Reference

    monkeypatch.setattr(Reference, "follow", lambda self, policy: None)
    with pytest.raises(IntegrityError, match="must be exactly 0"):
        job.start(a_recipe(), tmp_path / "run", silent())
    assert [r["step"] for r in metrics.read(tmp_path / "run" / "metrics.jsonl")] == [1, 2, 3, 4]


@pytest.mark.parametrize("step", [3, 4, 6, 8, 9])
def test_resuming_from_any_checkpoint_ends_in_the_same_run(
    a_recipe: Callable[..., Recipe], unbroken: Path, tmp_path: Path, step: int
) -> None:
    """Later checkpoints are taken away, as if the process had died right after writing that of `step`."""
    import shutil

    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    for checkpoint in (run / "checkpoints").iterdir():
        if int(checkpoint.name.removeprefix("step_")) > step:
            shutil.rmtree(checkpoint)
    shutil.rmtree(run / "model")
    for file in ("comparison.json", "samples/trained.parquet"):
        (run / file).unlink()
    result = job.resume(run, silent())
    assert result.finished
    assert fingerprint(run) == fingerprint(unbroken)
    assert decisions(run) == decisions(unbroken)


def test_a_run_killed_at_random_moments_ends_as_if_nothing_had_happened(
    a_recipe: Callable[..., Recipe], unbroken: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(to_yaml(a_recipe()))
    run = tmp_path / "run"
    rng = random.Random(11)
    kills = 0
    for _ in range(40):
        resuming = (run / "recipe.yaml").exists()
        arguments = ["--resume", str(run)] if resuming else [str(recipe), "--out", str(run)]
        command = [sys.executable, "-c", "from prorl.cli.main import main; main()", "train", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen = count_steps(run)
        while process.poll() is None and count_steps(run) <= seen:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        if process.poll() is None and kills < 4:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        _, errors = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()
        if process.returncode == 0:
            break
    assert kills == 4
    assert process.returncode == 0
    assert fingerprint(run) == fingerprint(unbroken)
    assert decisions(run) == decisions(unbroken)


def count_steps(run: Path) -> int:
    file = run / "metrics.jsonl"
    return file.read_bytes().count(b"\n") if file.exists() else 0


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_what_died_before_it_was_journalled_is_journalled_once(unbroken: Path, tmp_path: Path, lines: int) -> None:
    """The last lines (checkpoint, evaluation, finish) are cut away, though what they tell of was done."""
    import shutil

    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    whole = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (run / "journal.jsonl").write_bytes(b"".join(whole[:-lines]))
    for _ in range(2):  # the second time nothing is missing
        job.resume(run, silent())
        assert decisions(run) == decisions(unbroken)
    assert fingerprint(run) == fingerprint(unbroken)


def test_an_altered_checkpoint_is_refused_by_name(unbroken: Path, tmp_path: Path) -> None:
    import shutil

    for name in ("policy.safetensors", "optimizer.safetensors", "engine.json", "state.json"):
        run = tmp_path / name
        shutil.copytree(unbroken, run)
        file = run / "checkpoints" / "step_000010" / name
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        with pytest.raises(
            IntegrityError, match=rf"step_000010/{name}.*remove .*step_000010 to go on from step_000009"
        ):
            job.resume(run, silent())


def test_an_altered_reference_is_refused(unbroken: Path, tmp_path: Path) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(unbroken, run)
    manifest = json.loads((run / "checkpoints" / "step_000010" / "manifest.json").read_text())
    file = run / "references" / f"{manifest['reference']}.safetensors"
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    with pytest.raises(IntegrityError, match="the file was altered"):
        job.resume(run, silent())


def test_references_are_stored_once_a_reset_and_old_checkpoints_go(
    a_recipe: Callable[..., Recipe], unbroken: Path, tmp_path: Path
) -> None:
    assert len(list((unbroken / "references").iterdir())) == 3  # the start and two resets
    job.start(a_recipe(checkpoint={"every": 1, "keep": 2}), tmp_path / "run", silent())
    assert sorted(p.name for p in (tmp_path / "run" / "checkpoints").iterdir()) == ["step_000009", "step_000010"]


def test_a_run_remembers_the_precision_that_auto_chose(a_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """Taken up on a machine that would choose otherwise, it goes on as it began."""
    stages = [{"name": "one", "steps": 1}]
    job.start(a_recipe(compute={"precision": "auto"}, stages=stages, evaluation=None), tmp_path / "run", silent())
    assert load(str(tmp_path / "run" / "recipe.yaml")).compute.precision in ("fp32", "bf16")


def test_what_the_run_directory_must_not_be(a_recipe: Callable[..., Recipe], unbroken: Path, tmp_path: Path) -> None:
    before = fingerprint(unbroken)
    with pytest.raises(UserError, match="already holds a run"):
        job.start(a_recipe(), unbroken, silent())
    assert fingerprint(unbroken) == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="Not a directory"):
        job.start(a_recipe(), tmp_path / "file" / "run", silent())
    with pytest.raises(UserError, match="is not empty"):
        job.start(a_recipe(), tmp_path, silent())
    with pytest.raises(UserError, match="holds no run"):
        job.resume(tmp_path / "nothing", silent())
    assert (tmp_path / "file").read_text() == "mine"


def test_zero_prompts_after_filtering_is_said_in_one_line(a_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"zero prompts after filtering.*max_prompt_tokens=4"):
        job.start(a_recipe(rollout={**SHORT["rollout"], "max_prompt_tokens": 4}), tmp_path / "run", silent())
