"""Absolute paths in place of those that depend on the folder in which a run is begun."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prorl.recipe.schema import Recipe
from prorl.recipe.stages import WORKED_SOLUTIONS, Stage
from prorl.recipe.tracking import TensorBoard, Tracker
from prorl.tasks.code.humaneval import WHEEL


def placed_files(recipe: Recipe) -> Recipe:
    """The recipe with absolute paths of task data, profiles, what is imitated, and a tracker's folder.

    Stages' settings are among them, in whichever form they name a path. A task's `source` that is no file or folder
    here (`hf:...`, or a word of the task's own) stays as it is.
    """
    tasks = tuple(spec.model_copy(update={"options": _options(spec.options)}) for spec in recipe.tasks)
    mixture = recipe.mixture.model_copy(update={"profile": _path(recipe.mixture.profile)})
    return recipe.model_copy(
        update={
            "tasks": tasks,
            "mixture": mixture,
            "stages": tuple(map(_stage, recipe.stages)),
            "trackers": tuple(map(_tracker, recipe.trackers)),
        }
    )


def _stage(stage: Stage) -> Stage:
    changes = {key: _setting(key, value) for key, value in stage.set.items()}
    imitate = stage.imitate
    if imitate and imitate.source != WORKED_SOLUTIONS:
        imitate = imitate.model_copy(update={"source": _path(imitate.source)})
    return stage.model_copy(update={"set": changes, "imitate": imitate})


def _setting(key: str, value: Any) -> Any:
    """The value that a stage gives a key: of a path itself, or of a section or list that has paths inside."""
    section, _, rest = key.partition(".")
    if section == "mixture":
        if rest == "profile":
            return _path(value)
        if isinstance(value, Mapping) and "profile" in value:
            return {**value, "profile": _path(value["profile"])}
    if section == "tasks":
        if isinstance(value, list | tuple):
            return [_task(item) for item in value]
        if key.endswith(".options.source"):
            return _source(value)
        return _options(value) if key.endswith(".options") else _task(value)
    return value


def _task(value: Any) -> Any:
    if isinstance(value, Mapping) and "options" in value:
        return {**value, "options": _options(value["options"])}
    return value


def _options(value: Any) -> Any:
    if isinstance(value, Mapping) and "source" in value:
        return {**value, "source": _source(value["source"])}
    return value


def _source(value: Any) -> Any:
    there = isinstance(value, str) and value not in ("", WHEEL) and Path(value).expanduser().exists()
    return _path(value) if there else value


def _path(value: Any) -> Any:
    return str(Path(value).expanduser().absolute()) if isinstance(value, str) and value else value


def _tracker(tracker: Tracker) -> Tracker:
    if isinstance(tracker, TensorBoard):
        return tracker.model_copy(update={"folder": _path(tracker.folder)})
    return tracker
