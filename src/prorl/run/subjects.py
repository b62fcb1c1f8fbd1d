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
from prorl.run import lineage
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory
from prorl.run.export import step_of
from prorl.run.journal import holding
from prorl.tasks.specs import expanded

ALL = "all"


def subjects(words: Sequence[str], fetching: Progress = silent) -> list[Subject]:
    """The models that `words` name, in order: what a recipe may name as its model, or the checkpoints of a run.

    `RUN` is its newest checkpoint, `RUN@12`, `RUN@best` and `RUN@latest` are others, and `RUN@all` is every one that it
    has, the oldest first. Steps of a fork are counted from where it left its parent, whose own are `PARENT@STEP`; the
    `step` of its models counts those before, too. Raises UserError for what isn't there.
    """
    return [subject for word in words for subject in _named(word, fetching)]


def trained_tasks(words: Sequence[str]) -> frozenset[str]:
    """Names of all tasks that the checkpoints among `words` were trained on, by their runs and by the parents of forks.

    Empty, which says that nothing is known of it, where the parent of a fork isn't there any more.
    """
    found: set[str] = set()
    for word in words:
        if run := run_of(word):
            line = _line(run[0], max(_steps(*run)))
            if line is None:
                return frozenset()
            found |= {task for parent, step in line for task in _trained(parent, step)}
    return frozenset(found)


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
    model = resolve(recipe.model, fetching)
    for step in _steps(folder, wanted):
        line = _line(folder, step)
        behind = None if line is None else sum(steps for _, steps in line)
        checkpoint = Checkpoints(RunDirectory(folder), recipe.checkpoint).of_step(step)
        yield Subject(f"{folder.resolve().name}@{step}", model, checkpoint, behind)


def _steps(folder: Path, wanted: str) -> list[int]:
    """The steps of the checkpoints of a run that are meant, the oldest first. Raises UserError if there is none."""
    checkpoints = Checkpoints(RunDirectory(folder), _recipe(folder).checkpoint)
    if wanted != ALL:
        return [step_of(wanted, checkpoints, folder)]
    steps = checkpoints.steps()[::-1]
    if not steps:
        raise UserError(f"{folder} has no checkpoint yet")
    return steps


def _line(run: Path, step: int) -> list[tuple[Path, int]] | None:
    """What made a checkpoint: its run and those that it descends from, each with the steps that it made of it.

    None where one of them isn't there any more.
    """
    line = [(run, step)]
    while (origin := lineage.origin_of(line[-1][0])) is not None:
        if not (origin.run / "recipe.yaml").is_file() or lineage.identity(origin.run) != (origin.id or None):
            return None
        line.append((origin.run, origin.step))
    return line


def _trained(run: Path, step: int) -> Iterator[str]:
    """The tasks of all stages of a run of which a step was made up to this one."""
    recipe = _recipe(run)
    begun = {event["index"] for event in holding(run / "journal.jsonl", "stage") if event["step"] < step}
    for index in sorted(begun):
        for spec in at_stage(recipe, index).tasks:
            yield from (part.task for part in expanded(spec) if part.weight > 0)


def _recipe(run: Path) -> Recipe:
    return load(str(run / "recipe.yaml"))
