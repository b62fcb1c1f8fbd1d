"""A whole job: from a recipe to a trained model and a report, or from an unfinished run to its end."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.engine.choice import open_engine
from prorl.engine.protocol import Engine
from prorl.errors import UserError, lines_of
from prorl.policy.catalogue import resolve
from prorl.policy.progress import Progress as Told
from prorl.policy.progress import silent
from prorl.recipe.load import load, to_yaml
from prorl.recipe.schema import Recipe
from prorl.regimen.decisions import Stop
from prorl.regimen.regimen import Regimen
from prorl.run import edits, environment, forking, jsonl, lineage, prepare, tracking
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory
from prorl.run.lineage import Origin
from prorl.run.progress import Progress
from prorl.run.refused import no_trace_of_nothing
from prorl.run.report import write_report
from prorl.run.requests import MORE
from prorl.run.suites import Suites
from prorl.run.work import Work

if TYPE_CHECKING:
    from prorl.boundary.comparison import Comparison

Fetching = Callable[[], AbstractContextManager[Told]]
"""Opens whatever shows a person that a model is being fetched."""


@dataclass(frozen=True)
class Result:
    """What a job left behind. `comparison` is None where the recipe asks for none, or the run was stopped early."""

    path: Path
    finished: bool
    stopped: Stop | None
    """What stopped it before its end."""
    comparison: Comparison | None
    report: Path


def start(
    recipe: Recipe, out: Path, progress: Progress, fetching: Fetching = lambda: nullcontext(silent),
    origin: Origin | None = None, engine: Engine | None = None,
) -> Result:  # fmt: skip
    """Begin a run in the new folder `out`, from the recipe's model or from the policy of another run's checkpoint.

    `engine` is one that was opened for such a recipe, to be used for several runs, one after the other.
    Raises UserError if it can't go well; of a run that made nothing before that no folder is left, so that the same
    command may be given again.
    """
    RunDirectory.check_free(out)
    recipe = prepare.placed(prepare.settled(recipe))
    suites = Suites(recipe)
    prepare.check(recipe, suites)
    tracking.check(recipe)
    model = _model(recipe, fetching)
    prepare.check_space(recipe, model, out)
    if origin is not None:
        forking.checkpoint_of(origin, recipe.checkpoint)
    directory = RunDirectory.create(out, recipe, origin)
    return _work(recipe, directory, suites, model, progress, origin, engine, resuming=False)


def resume(
    path: Path, progress: Progress, fetching: Fetching = lambda: nullcontext(silent), changed: Sequence[str] = (),
    engine: Engine | None = None,
) -> Result:  # fmt: skip
    """Take up the run in `path` where its newest checkpoint stands.

    Its recipe may have been edited there, or by `key=value` in `changed`, in what is still to come; that may be more
    than it was to make when it finished. Raises UserError for a change of the past.
    """
    directory = RunDirectory.open(path)
    try:
        recipe = prepare.settled(load(str(directory.recipe), changed))
        tracking.check(recipe)
        Checkpoints(directory, recipe.checkpoint).check_logs()
        origin = lineage.origin_of(path)
        known = edits.known(directory.journal)
        edited = _edited(recipe, known, directory)
        suites = Suites(recipe, begun=known[0] if known else None)
        if edited:
            prepare.check(recipe, suites)
        model = _model(recipe, fetching)
        if edited:
            jsonl.replace(directory.recipe, to_yaml(recipe).encode())
    except BaseException:
        directory.close()
        raise
    return _work(recipe, directory, suites, model, progress, origin, engine, resuming=True, edited=edited)


def _model(recipe: Recipe, fetching: Fetching) -> Path:
    with fetching() as told:
        return resolve(recipe.model, told)


def _edited(recipe: Recipe, known: Sequence[Recipe], directory: RunDirectory) -> list[edits.Change]:
    """How the recipe differs from what the journal says of it."""
    found = edits.changes(known[-1], recipe) if known else []
    if found:
        state = Checkpoints(directory, recipe.checkpoint).regimen()
        over = state is not None and state["over"]
        edits.check(found, recipe, state["stage"] if state else -1, state["clock"]["steps"] if state else 0, over)
        if state and over and not _has_more(recipe, state):
            raise UserError(
                f"{directory.path} is finished, and {found[0].key} gives it nothing to do; to go on from it, {MORE}"
            )
    return found


def _has_more(recipe: Recipe, state: Mapping[str, Any]) -> bool:
    regimen = Regimen(recipe)
    regimen.load_state_dict(state)
    return regimen.has_more


def _work(
    recipe: Recipe, directory: RunDirectory, suites: Suites, model: Path, progress: Progress, origin: Origin | None,
    engine: Engine | None, *, resuming: bool, edited: Sequence[edits.Change] = (),
) -> Result:  # fmt: skip
    tests, validations = prepare.held_out(recipe, suites)
    with ExitStack() as stack:
        stack.enter_context(_disk_errors(directory))
        stack.callback(directory.close)
        if not resuming:
            stack.enter_context(no_trace_of_nothing(directory))
        stack.callback(progress.stop)
        stack.enter_context(suites)
        if engine is None:
            engine = stack.enter_context(closing(open_engine(recipe, model)))
        else:
            engine.restart()
        if not resuming:
            prepare.check_prompts(recipe, suites, engine, [*tests, *validations])
        progress.start(_facts(recipe, directory, resuming))
        if warning := prepare.slow(recipe):
            progress.event(warning)
        environment.record(directory.environment, precision=recipe.compute.precision)
        done = Work(recipe, directory, engine, suites, tests, validations, progress, origin).to_the_end(
            resuming, edited
        )
        stopped = done.loop.stopped
        if stopped:
            progress.event(f"stopped: {stopped.reason}")
    with _disk_errors(directory):
        report = _report(directory, progress)
    return Result(directory.path, done.finished, stopped, done.comparison, report)


def _report(directory: RunDirectory, progress: Progress) -> Path:
    """Write the report, and say so if that fails, as after an odd edit of the recipe: the run is done all the same."""
    try:
        return write_report(directory.path)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is done
        progress.event(f"no report: {lines_of(error)[0]}; mend it and write it by: prorl report {directory.path}")
        return directory.path / "report.html"


_REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""What a write fails with where the disk takes no more; such an error doesn't say which file it was."""


@contextmanager
def _disk_errors(directory: RunDirectory) -> Iterator[None]:
    """What the disk refuses in the run's folder is something that the user can mend."""
    try:
        yield
    except OSError as error:
        named = error.filename is not None and Path(str(error.filename)).is_relative_to(directory.path)
        if not named and error.errno not in _REFUSED:
            raise
        raise UserError(
            f"{error.filename if named else directory.path}: {error.strerror}; make sure that it can be written and "
            f"go on with: prorl train --resume {directory.path}"
        ) from None


def _facts(recipe: Recipe, directory: RunDirectory, resuming: bool) -> dict[str, Any]:
    steps = Checkpoints(directory, recipe.checkpoint).steps() if resuming else []
    done = {"done_steps": steps[0]} if steps else {}
    return {
        "run": str(directory.path), "recipe": recipe.name, "model": recipe.model, **done,
        "total_steps": recipe.total_steps,
    }  # fmt: skip
