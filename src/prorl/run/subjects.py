"""From what somebody types to models that are to be measured: catalogue names, folders, hub ids, and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from prorl.boundary.laboratory.subject import Subject
from prorl.errors import UserError
from prorl.policy.catalogue import resolve
from prorl.policy.progress import Progress, silent
from prorl.recipe.load import at_stage, load
from prorl.recipe.schema import Recipe
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory
from prorl.run.export import step_of
from prorl.tasks.specs import expanded

ALL = "all"


def subjects(words: Sequence[str], fetching: Progress = silent) -> list[Subject]:
    """The models that `words` name, in order: what a recipe may name as its model, or the checkpoints of a run.

    `RUN` is its newest checkpoint, `RUN@12`, `RUN@best` and `RUN@latest` are others, and `RUN@all` is every one that it
    has, the oldest first. Raises UserError for what isn't there.
    """
    return [subject for word in words for subject in _named(word, fetching)]


def trained_tasks(words: Sequence[str]) -> frozenset[str]:
    """Names of all tasks that the runs among `words` train on, in any stage."""
    return frozenset(name for word in words if (run := run_of(word)) for name in _tasks_of(_recipe(run[0])))


def run_of(word: str) -> tuple[Path, str] | None:
    """Folder and checkpoint of a word that names a run; None if it names something else."""
    folder, at, step = word.rpartition("@")
    for path, wanted in ((word, ""), (folder, step)):
        if path and (Path(path) / "recipe.yaml").is_file():
            if at and wanted == "" and path != word:
                raise UserError(f"{word}: write it as RUN@STEP, RUN@best, RUN@latest or RUN@all")
            return Path(path), wanted or "latest"
    return None


def _named(word: str, fetching: Progress) -> Iterator[Subject]:
    run = run_of(word)
    if run is None:
        yield Subject(Path(word).name if Path(word).is_dir() else word, resolve(word, fetching))
        return
    folder, wanted = run
    recipe = _recipe(folder)
    checkpoints = Checkpoints(RunDirectory(folder), recipe.checkpoint)
    if wanted == ALL:
        steps = checkpoints.steps()[::-1]
        if not steps:
            raise UserError(f"{folder} has no checkpoint yet")
    else:
        steps = [step_of(wanted, checkpoints, folder)]
    model = resolve(recipe.model, fetching)
    for step in steps:
        yield Subject(f"{folder.resolve().name}@{step}", model, checkpoints.of_step(step), step)


def _recipe(run: Path) -> Recipe:
    return load(str(run / "recipe.yaml"))


def _tasks_of(recipe: Recipe) -> Iterator[str]:
    for index in range(len(recipe.stages)):
        for spec in at_stage(recipe, index).tasks:
            yield from (part.task for part in expanded(spec) if part.weight > 0)
