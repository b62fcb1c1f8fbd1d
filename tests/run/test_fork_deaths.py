"""A fork whose process dies before its journal begins is still a fork, and says so if its parent went on meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from prorl.errors import IntegrityError, UserError
from prorl.recipe.schema import Recipe
from prorl.run import directory, job, journal, lineage
from prorl.run.checkpoint import Checkpoints

from .small import SHORT, recipe_of, silent

FORKED_AT = 2


def killed(*_: Any) -> Any:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def original(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("family") / "parent"
    stages = [{"name": "one", "steps": 3}]
    job.start(recipe_of(nano, SHORT, stages=stages, evaluation=None, checkpoint={"every": 1}), run, silent())
    return run


@pytest.fixture
def parent(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "parent"))


@pytest.fixture
def recipe(nano: Path) -> Recipe:
    return recipe_of(nano, SHORT, name="child", seed=3, stages=[{"name": "one", "steps": 1}], evaluation=None)


@pytest.fixture
def child(parent: Path, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fork that died while its model was being loaded."""
    run = tmp_path / "child"
    with monkeypatch.context() as patch:
        patch.setattr(job, "open_engine", killed)
        with pytest.raises(KeyboardInterrupt):
            job.start(recipe, run, silent(), origin=lineage.parse(f"{parent}@{FORKED_AT}"))
    assert (run / "recipe.yaml").exists()
    assert not (run / "journal.jsonl").exists()
    return run


def checkpoint(run: Path, step: int) -> Path:
    return run / "checkpoints" / f"step_{step:06d}"


def policy(run: Path, step: int) -> dict[str, bytes]:
    return {name: w.numpy().tobytes() for name, w in load_file(checkpoint(run, step) / "policy.safetensors").items()}


def test_it_begins_with_its_parents_policy_all_the_same(parent: Path, child: Path) -> None:
    assert job.resume(child, silent()).finished
    assert policy(child, 0) == policy(parent, FORKED_AT)
    start = journal.read(child / "journal.jsonl")[0]
    assert start["parent"] == {"run": str(parent), "step": FORKED_AT, "id": lineage.identity(parent)}


def rotated(parent: Path) -> None:
    shutil.rmtree(checkpoint(parent, FORKED_AT))


def replaced(parent: Path) -> None:
    """By another run of the same name, with a checkpoint of the same step."""
    content = (parent / "journal.jsonl").read_text().replace(lineage.identity(parent) or "", "0123456789ab")
    (parent / "journal.jsonl").write_text(content)


@pytest.mark.parametrize("happened", [rotated, shutil.rmtree, replaced])
def test_a_checkpoint_that_is_gone_by_then_is_one_line(
    parent: Path, child: Path, happened: Callable[[Path], None]
) -> None:
    happened(parent)
    with pytest.raises(UserError, match=rf"{child} can't begin: {parent} no longer has .* of step 2.*--fork") as said:
        job.resume(child, silent())
    assert "\n" not in str(said.value)
    assert not (child / "journal.jsonl").exists()


def test_a_checkpoint_that_goes_while_it_is_read_is_one_line(
    parent: Path, child: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Checkpoints.of_step

    def found_and_rotated(self: Checkpoints, step: int) -> Path:
        folder = real(self, step)
        rotated(parent)
        return folder

    monkeypatch.setattr(Checkpoints, "of_step", found_and_rotated)
    with pytest.raises(UserError, match=rf"{parent} no longer has the checkpoint of step 2"):
        job.resume(child, silent())


def test_an_altered_checkpoint_of_the_parent_is_named(parent: Path, child: Path) -> None:
    file = checkpoint(parent, FORKED_AT) / "policy.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(IntegrityError, match=rf"{file} is not what was written"):
        job.resume(child, silent())


def test_an_origin_that_can_not_be_read_is_one_line(child: Path) -> None:
    (child / "origin.json").write_text('{"run": ')
    with pytest.raises(IntegrityError, match=r"origin\.json is not what was written"):
        job.resume(child, silent())


def test_a_run_in_the_folder_of_a_fork_that_was_not_even_begun_is_no_fork(
    parent: Path, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "child"
    with monkeypatch.context() as patch:
        patch.setattr(directory, "to_yaml", killed)
        with pytest.raises(KeyboardInterrupt):
            job.start(recipe, run, silent(), origin=lineage.parse(f"{parent}@{FORKED_AT}"))
    assert json.loads((run / "origin.json").read_text())["step"] == FORKED_AT
    assert job.start(recipe, run, silent()).finished
    assert journal.read(run / "journal.jsonl")[0]["parent"] is None
    assert not (run / "origin.json").exists()
