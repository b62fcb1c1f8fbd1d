"""A fork's policy was trained by its parents too, up to where it left them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from prorl.errors import UserError
from prorl.recipe.load import to_yaml
from prorl.run import manifest
from prorl.run.journal import Journal
from prorl.run.subjects import subjects, trained_tasks

from .small import SHORT, recipe_of

ECHO, SUCCESSOR, REVERSE = (
    {"task": f"toy/{name}", "options": {"symbols": 4}} for name in ("echo", "successor", "reverse")
)


def a_run(
    folder: Path, model: Path, tasks: list[dict[str, object]], stages: Mapping[int, Mapping[str, object]],
    parent: tuple[Path, int] | None = None, checkpoints: tuple[int, ...] = (),
) -> Path:  # fmt: skip
    """A folder as a run leaves it that began these stages, by the steps at which it did, with nothing trained."""
    listed = [
        {"name": f"stage{place}", "steps": 4, "set": dict(changed)} for place, changed in enumerate(stages.values())
    ]
    recipe = recipe_of(model, SHORT, tasks=tasks, stages=[*listed, {"name": "later", "steps": 9}])
    folder.mkdir()
    (folder / "recipe.yaml").write_text(to_yaml(recipe))
    journal = Journal(folder / "journal.jsonl")
    origin = {"run": str(parent[0]), "step": parent[1], "id": parent[0].name} if parent else None
    journal.append("start", 0, id=folder.name, parent=origin)
    for index, step in enumerate(stages):
        journal.append("stage", step, index=index, name=f"stage{index}")
    (folder / "references").mkdir()
    (folder / "references" / "r.safetensors").touch()
    for step in checkpoints:
        checkpoint = folder / "checkpoints" / f"step_{step:06d}"
        checkpoint.mkdir(parents=True)
        manifest.write(checkpoint, reference="r")
    return folder


@pytest.fixture
def family(nano: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A run that comes to a second task at step 4 and to a third at step 8, a fork of its step 6, and one of that."""
    more = {4: {"tasks": [ECHO, SUCCESSOR]}, 8: {"tasks": [ECHO, SUCCESSOR, REVERSE]}}
    parent = a_run(tmp_path / "parent", nano, [ECHO], {0: {}, **more}, None, (3, 6, 12))
    child = a_run(tmp_path / "child", nano, [SUCCESSOR], {0: {}}, (parent, 3), (0, 2))
    return parent, child, a_run(tmp_path / "grandchild", nano, [REVERSE], {0: {}}, (child, 2), (0, 5))


def test_what_parents_trained_before_a_fork_is_trained_and_nothing_later(family: tuple[Path, Path, Path]) -> None:
    _, child, grandchild = family
    assert trained_tasks([f"{child}@2"]) == {"toy/echo", "toy/successor"}
    assert trained_tasks([f"{child}@0"]) == {"toy/echo"}
    assert trained_tasks(["smollm2-135m", f"{grandchild}@all"]) == {"toy/echo", "toy/successor", "toy/reverse"}
    assert trained_tasks([f"{grandchild}@0"]) == {"toy/echo", "toy/successor"}


@pytest.mark.parametrize(("step", "tasks"), [("4", 1), ("5", 2), ("8", 2), ("9", 3), ("all", 3)])
def test_a_stage_counts_once_a_step_of_it_was_made(family: tuple[Path, Path, Path], step: str, tasks: int) -> None:
    assert len(trained_tasks([f"{family[0]}@{step}"])) == tasks


def test_steps_are_all_that_a_model_has_behind_it(family: tuple[Path, Path, Path]) -> None:
    """A fork's own are in its name."""
    _, child, grandchild = family
    assert [(found.name, found.step) for found in subjects([f"{child}@all"])] == [("child@0", 3), ("child@2", 5)]
    assert [(found.name, found.step) for found in subjects([f"{grandchild}@5"])] == [("grandchild@5", 10)]
    with pytest.raises(UserError, match="no checkpoint of step 3; it has 0, 2"):
        subjects([f"{child}@3"])


def test_of_a_fork_whose_parent_is_gone_nothing_is_claimed(family: tuple[Path, Path, Path]) -> None:
    """Neither what it was trained on nor for how long, nor beside others."""
    parent, child, _ = family
    other = a_run(parent.with_name("other"), parent, [REVERSE], {0: {}})
    shutil.rmtree(parent)
    assert trained_tasks([f"{child}@2"]) == trained_tasks([f"{other}@4", f"{child}@2"]) == frozenset()
    assert [found.step for found in subjects([f"{child}@2"])] == [None]
