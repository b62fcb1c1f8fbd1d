"""What is settled before a run writes anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prorl.recipe.load import at_stage
from prorl.run.prepare import settled

from .small import SHORT, recipe_of


@pytest.mark.parametrize("form", [{"mixture.profile": "a.parquet"}, {"mixture": {"profile": "a.parquet"}}])
def test_a_profile_of_a_stage_is_found_again_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    stages = [{"name": "one", "steps": 1}, {"name": "two", "steps": 1, "set": {"rollout.temperature": 0.5, **form}}]
    recipe = settled(recipe_of(Path("nano"), SHORT, stages=stages))
    assert at_stage(recipe, 1).mixture.profile == str(tmp_path / "a.parquet")
    assert recipe.stages[1].set.keys() == stages[1]["set"].keys()  # type: ignore[attr-defined]
    assert settled(recipe) == recipe


@pytest.mark.parametrize("form", [{"mixture": {"profile": None}}, {"mixture": {"shares": {"toy": 1}}}, {"mixture": {}}])
def test_a_stage_without_one_stays_as_it_is(form: dict[str, Any]) -> None:
    stages = [{"name": "one", "steps": 1, "set": form}]
    assert settled(recipe_of(Path("nano"), SHORT, stages=stages)).stages[0].set == form


@pytest.mark.parametrize(
    "form",
    [
        {"tasks.stem/gpqa.options.source": "data"},
        {"tasks.stem/gpqa.options": {"source": "data"}},
        {"tasks.stem/gpqa": {"task": "stem/gpqa", "options": {"source": "data"}}},
        {"tasks": [{"task": "stem/gpqa", "options": {"source": "data"}}]},
    ],
)
def test_data_of_tasks_are_found_again_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "wheel").mkdir()
    tasks = [
        {"task": "stem/gpqa", "options": {"source": "./data"}},
        {"task": "code/humaneval", "options": {"source": "wheel"}},
        {"task": "stem/scp116k", "options": {"source": "hf:data"}},
    ]
    stages = [{"name": "one", "steps": 1}, {"name": "two", "steps": 1, "set": form}]
    trackers = [{"kind": "tensorboard", "folder": "events"}, {"kind": "tensorboard"}]
    recipe = settled(recipe_of(Path("nano"), SHORT, tasks=tasks, stages=stages, trackers=trackers))
    here = str(tmp_path / "data")
    assert [spec.options["source"] for spec in recipe.tasks] == [here, "wheel", "hf:data"]
    assert at_stage(recipe, 1).tasks[0].options["source"] == here
    assert recipe.stages[1].set.keys() == form.keys()
    assert [tracker.folder for tracker in recipe.trackers] == [str(tmp_path / "events"), None]  # type: ignore[union-attr]
    assert settled(recipe) == recipe
