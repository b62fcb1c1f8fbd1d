"""Whole runs of a tiny model: they learn, they repeat, they resume, and a reset is what it says."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from prorl.errors import IntegrityError, UserError
from prorl.recipe.load import load
from prorl.recipe.schema import Recipe
from prorl.run import job, journal, metrics
from prorl.run.progress import PlainProgress

from .small import SHORT, decisions, fingerprint, kept_checkpoints, recipe_of, silent


@pytest.fixture
def a_recipe(nano: Path) -> Callable[..., Recipe]:
    def make(**changes: Any) -> Recipe:
        return recipe_of(nano, SHORT, **changes)

    return make


@pytest.fixture(scope="module")
def unbroken(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "unbroken"
    job.start(recipe_of(nano, SHORT), path, silent())
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
    assert [e["step"] for e in events if e["event"] == "reset"] == [4, 8]
    checked = [e for e in events if e["event"] == "reset_checked"]
    assert [e["step"] for e in checked] == [1, 5, 9]
    assert [e["largest_log_ratio"] for e in checked] == [0.0, 0.0, 0.0]
    records = [r for r in metrics.read(unbroken / "metrics.jsonl") if "first_log_ratio" in r]
    drifts = {r["step"]: r["first_log_ratio"] for r in records}
    assert [drifts[step] for step in (1, 5, 9)] == [0.0, 0.0, 0.0]
    assert all(drifts[step] > 0 for step in drifts if step in (6, 7, 8, 10))
    assert len(drifts) >= 7  # else this says little


def test_a_stage_can_end_at_a_number_of_prompts_whatever_was_admitted(
    a_recipe: Callable[..., Recipe], unbroken: Path, tmp_path: Path
) -> None:
    """Runs with and without dynamic sampling can so be given equally many samples."""
    records = metrics.read(unbroken / "metrics.jsonl")
    sampled = [sum(r["groups_sampled"] for r in records[:count]) for count in range(1, len(records) + 1)]
    assert [r["prompts_so_far"] for r in records] == sampled
    assert sampled[3] == 16
    assert sampled[-1] > 40  # the last six steps sampled more than they trained on
    until = {"target": {"metric": "prompts_so_far", "at_least": 10}}
    job.start(a_recipe(stages=[{"name": "one", "steps": 50, "until": until}]), tmp_path / "run", silent())
    assert [r["prompts_so_far"] for r in metrics.read(tmp_path / "run" / "metrics.jsonl")] == [4, 8, 12]
    (end,) = [e for e in journal.read(tmp_path / "run" / "journal.jsonl") if e["event"] == "stage_end"]
    assert "prompts_so_far is 12" in end["reason"]


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
    out = io.StringIO()
    result = job.resume(run, PlainProgress(Console(file=out, width=200)))
    assert result.finished
    assert f"done_steps={step}  total_steps=10" in out.getvalue().splitlines()[0]
    assert fingerprint(run) == fingerprint(unbroken)
    assert decisions(run) == decisions(unbroken)


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
            IntegrityError, match=rf"step_000010/{name}.*move .*step_000010 away to go on from step_000009"
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
    job.start(a_recipe(checkpoint={"every": 1, "keep": 2, "keep_every": 5}), tmp_path / "run", silent())
    assert kept_checkpoints(tmp_path / "run") == [4, 5, 8, 9, 10]  # 4 and 8: resets; 9 also: the best by reward so far
    few = {"every": 1, "keep": 2, "keep_resets": False}
    job.start(a_recipe(checkpoint=few), tmp_path / "few", silent())
    assert kept_checkpoints(tmp_path / "few") == [9, 10]
    assert len(list((tmp_path / "few" / "references").iterdir())) == 1  # none that no checkpoint needs


def test_a_run_remembers_the_precision_that_auto_chose(a_recipe: Callable[..., Recipe], tmp_path: Path) -> None:
    """Taken up on a machine that would choose otherwise, it goes on as it began."""
    stages = [{"name": "one", "steps": 1}]
    job.start(a_recipe(compute={"precision": "auto"}, stages=stages, evaluation=None), tmp_path / "run", silent())
    assert load(str(tmp_path / "run" / "recipe.yaml")).compute.precision in ("fp32", "bf16")


@pytest.mark.parametrize("has_products", [True, False])
def test_a_run_that_this_cpu_is_slow_in_says_so(
    a_recipe: Callable[..., Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_products: bool
) -> None:
    """Such as one begun in bf16 where that is quick, and taken up where it isn't."""
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_products)
    out = io.StringIO()
    recipe = a_recipe(compute={"precision": "bf16"}, stages=[{"name": "one", "steps": 1}], evaluation=None)
    job.start(recipe, tmp_path / "run", PlainProgress(Console(file=out, width=200)))
    assert ("as slow in bf16 as in fp32" in out.getvalue()) != has_products


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
