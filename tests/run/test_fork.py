"""Runs that begin where another one stands, the tree of them, and checkpoints as models."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from safetensors.torch import load_file
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.errors import IntegrityError, UserError
from prorl.run import job, journal, jsonl, lineage
from prorl.run.family import tree

from .small import SHORT, fingerprint, recipe_of, silent


@pytest.fixture(scope="module")
def parent(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("family") / "parent"
    job.start(recipe_of(nano, SHORT), run, silent())
    return run


@pytest.fixture(scope="module")
def child(nano: Path, parent: Path) -> Path:
    run = parent.with_name("child")
    recipe = recipe_of(nano, SHORT, name="wide", seed=3, stages=[{"name": "wide", "steps": 4}])
    assert job.start(recipe, run, silent(), origin=lineage.parse(f"{parent}@6")).finished
    return run


def policy(run: Path, step: int) -> dict[str, object]:
    return {name: w.numpy().tobytes() for name, w in load_file(checkpoint(run, step) / "policy.safetensors").items()}


def checkpoint(run: Path, step: int) -> Path:
    return run / "checkpoints" / f"step_{step:06d}"


def test_a_fork_begins_with_the_policy_of_the_checkpoint_as_its_reference(parent: Path, child: Path) -> None:
    assert policy(child, 0) == policy(parent, 6)
    assert load_file(checkpoint(child, 0) / "optimizer.safetensors") == {}
    events = journal.read(child / "journal.jsonl")
    start = events[0]
    assert start["parent"] == {"run": str(parent), "step": 6, "id": lineage.identity(parent)}
    assert [e["step"] for e in events if e["event"] == "reset_checked"] == [1]
    assert start["reference_id"] != journal.read(parent / "journal.jsonl")[0]["reference_id"]


def test_names_with_brackets_stand_in_the_tree_as_they_are(parent: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(parent, run)
    lines = (run / "journal.jsonl").read_text().replace('"model": "', '"model": "models[/b]/', 1)
    (run / "journal.jsonl").write_text(lines)
    out = io.StringIO()
    Console(file=out, width=500).print(tree(run))
    assert "models[/b]/" in out.getvalue()


def test_a_fork_stands_alone_and_resumes_from_its_own_beginning(
    nano: Path, parent: Path, child: Path, tmp_path: Path
) -> None:
    run = tmp_path / "alone" / "child"
    shutil.copytree(child, run)
    for step in (3, 4):
        shutil.rmtree(checkpoint(run, step))
    shutil.rmtree(run / "model")
    (run / "samples" / "trained.parquet").unlink()
    events = (run / "journal.jsonl").read_text().replace(str(parent), str(tmp_path / "gone"))
    (run / "journal.jsonl").write_text(events)
    with pytest.raises(IntegrityError, match=r"journal\.jsonl"):  # which says by itself that it was tampered with
        job.resume(run, silent())
    shutil.copy(child / "journal.jsonl", run / "journal.jsonl")
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(child)


def test_what_can_not_be_forked(nano: Path, parent: Path, tmp_path: Path) -> None:
    for text, words in ((f"{parent}", "RUN@STEP"), (f"{tmp_path}@3", "holds no run"), (f"{parent}@x", "RUN@STEP")):
        with pytest.raises(UserError, match=words):
            lineage.parse(text)
    with pytest.raises(UserError, match=r"has no checkpoint of step 5; it has 3, 4, 6, 8, 9, 10"):
        job.start(recipe_of(nano, SHORT), tmp_path / "run", silent(), origin=lineage.parse(f"{parent}@5"))
    assert not (tmp_path / "run").exists()


def shown(run: Path) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(tree(run))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_tree_shows_runs_stages_resets_and_forks(parent: Path, child: Path) -> None:
    lines = [line.strip("│├└─ ") for line in shown(child).splitlines()]
    assert lines[0].startswith("parent  short, ")
    assert "step 4: stage two (rollout.dynamic_sampling=True, rollout.temperature=1.2)" in lines
    assert "step 4: reset, optimizer cleared: entry of stage 'two'" in lines
    fork = lines.index("step 6: fork")
    assert lines[fork + 1].startswith("child <  wide, ")
    assert lines.index("step 8: reset: entry of stage 'three'") > fork
    assert lines[-1] == "step 10: finished"
    assert shown(parent).splitlines()[0].startswith("parent <")


def test_the_tree_is_the_same_from_wherever_the_run_is_named(
    parent: Path, child: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(child / "checkpoints")
    assert shown(Path("..")) == shown(child)
    monkeypatch.chdir(child)
    assert lineage.parse("../parent@6").run == parent


def test_who_looks_for_forks_reads_no_journal_to_its_end(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder may hold many runs of thousands of steps."""
    run = tmp_path / "long"
    run.mkdir()
    begun = (parent / "journal.jsonl").read_bytes()
    (run / "journal.jsonl").write_bytes(begun * 1000)
    decoded: list[bytes] = []
    decode = jsonl.decode
    monkeypatch.setattr(jsonl, "decode", lambda line: decoded.append(line) or decode(line))
    assert lineage.identity(run) == lineage.identity(parent)
    assert len(decoded) == 2


def test_a_tree_whose_root_is_gone_says_so(child: Path, tmp_path: Path) -> None:
    shutil.copytree(child, tmp_path / "child")
    moved = tmp_path / "child" / "journal.jsonl"
    moved.write_text(moved.read_text().replace("/parent", "/nowhere"))
    assert "(not there any more)" in shown(tmp_path / "child").splitlines()[0]
    with pytest.raises(UserError, match="holds no run"):
        tree(tmp_path)


@pytest.mark.parametrize("step", ["6", "latest", "best"])
def test_any_checkpoint_is_exported_as_a_model(parent: Path, tmp_path: Path, step: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    out = tmp_path / "model"
    done = CliRunner().invoke(app, ["export", str(parent), "--step", step, "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)
    number = {"6": 6, "latest": 10, "best": 9}[step]
    exported = {name: parameter.detach().numpy().tobytes() for name, parameter in model.named_parameters()}
    assert exported == {name: policy(parent, number)[name] for name in exported}


def test_an_export_overwrites_nothing_and_names_what_there_is(parent: Path, tmp_path: Path) -> None:
    from prorl.run.export import export_checkpoint

    with pytest.raises(UserError, match="is there already"):
        export_checkpoint(parent, "6", tmp_path)
    with pytest.raises(UserError, match="has no checkpoint of step 7; it has 3, 4, 6, 8, 9, 10"):
        export_checkpoint(parent, "7", tmp_path / "new")
    with pytest.raises(UserError, match="use a step, latest, or best"):
        export_checkpoint(parent, "worst", tmp_path / "new")
