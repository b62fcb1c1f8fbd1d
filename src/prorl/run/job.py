"""A whole job: from a recipe to a trained model and a report, or from an unfinished run to its end."""

from __future__ import annotations

import errno
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.engine.local.engine import LocalEngine
from prorl.errors import UserError
from prorl.policy.catalogue import resolve
from prorl.policy.progress import Progress as Told
from prorl.policy.progress import silent
from prorl.recipe.load import load, to_yaml
from prorl.recipe.schema import Recipe
from prorl.regimen.decisions import Stop
from prorl.run import edits, environment, jsonl, lineage, prepare, tracking
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory
from prorl.run.evaluation import Evaluator
from prorl.run.export import write_model
from prorl.run.interrupt import Interrupt
from prorl.run.journal import effective, read
from prorl.run.lineage import Origin
from prorl.run.loop import Loop
from prorl.run.progress import Progress
from prorl.run.report import write_report
from prorl.run.suites import Suites
from prorl.run.validate import Validator
from prorl.tasks.stream import ProblemStream

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
    origin: Origin | None = None,
) -> Result:  # fmt: skip
    """Begin a run in the new folder `out`, from the recipe's model or from the policy of another run's checkpoint.

    Raises UserError before anything is written if it can't go well.
    """
    RunDirectory.check_free(out)
    recipe = prepare.settled(recipe)
    suites = Suites(recipe)
    prepare.check(recipe, suites)
    tracking.check(recipe)
    model = _model(recipe, fetching)
    prepare.check_space(recipe, model, out)
    if origin is not None:
        Checkpoints(RunDirectory(origin.run), recipe.checkpoint).of_step(origin.step)
    directory = RunDirectory.create(out, recipe)
    return _work(recipe, directory, suites, model, progress, origin, resuming=False)


def resume(
    path: Path, progress: Progress, fetching: Fetching = lambda: nullcontext(silent), changed: Sequence[str] = ()
) -> Result:
    """Take up the unfinished run in `path` where its newest checkpoint stands.

    Its recipe may have been edited there, or by `key=value` in `changed`, in what is still to come. Raises UserError
    for a change of the past.
    """
    directory = RunDirectory.open(path)
    try:
        recipe = prepare.settled(load(str(directory.recipe), changed))
        tracking.check(recipe)
        Checkpoints(directory, recipe.checkpoint).check_logs()
        known = _known(directory)
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
    origin = lineage.origin_of(path)
    return _work(recipe, directory, suites, model, progress, origin, resuming=True, edited=edited)


def _model(recipe: Recipe, fetching: Fetching) -> Path:
    with fetching() as told:
        return resolve(recipe.model, told)


def _known(directory: RunDirectory) -> list[Recipe]:
    """The recipe as the run began with it, and as it was after every edit that holds, from the journal."""
    events = effective(read(directory.journal)) if directory.journal.exists() else []
    return [Recipe.model_validate(event["settings"]) for event in events if "settings" in event]


def _edited(recipe: Recipe, known: Sequence[Recipe], directory: RunDirectory) -> list[edits.Change]:
    """How the recipe differs from what the journal says of it."""
    found = edits.changes(known[-1], recipe) if known else []
    if found:
        stage, steps, over = Checkpoints(directory, recipe.checkpoint).progress()
        if over:
            raise UserError(f"{directory.path} is finished; to go on from it: prorl train RECIPE --fork RUN@STEP")
        edits.check(found, recipe, stage, steps)
    return found


def _work(
    recipe: Recipe, directory: RunDirectory, suites: Suites, model: Path, progress: Progress, origin: Origin | None,
    *, resuming: bool, edited: Sequence[edits.Change] = (),
) -> Result:  # fmt: skip
    tests, validations = prepare.held_out(recipe, suites)
    with ExitStack() as stack:
        stack.enter_context(_disk_errors(directory))
        stack.callback(directory.close)
        stack.callback(progress.stop)
        stack.enter_context(suites)
        engine = LocalEngine(model, recipe.compute, recipe.seed)
        stream = ProblemStream(suites.at(0), recipe.seed, excluded=tests + validations)
        validator = (
            Validator(recipe.validation, validations, suites.top, suites.pool, engine, directory, progress)
            if recipe.validation
            else None
        )
        loop = Loop(recipe, directory, engine, suites, stream, validator, progress)
        progress.start(_facts(recipe, directory))
        environment.record(directory.environment, precision=engine.compute.precision)
        _begin(loop, origin, resuming, edited)
        loop.trackers = tracking.open_all(recipe, _tracked(loop), progress.event)
        stack.callback(loop.trackers.close)
        evaluator = Evaluator(recipe.evaluation, loop, suites.top, tests, suites.pool) if recipe.evaluation else None
        if evaluator:
            evaluator.sample("base")
        with Interrupt(lambda: progress.event("stopping after this step; again: at once")) as loop.interrupt:
            finished = loop.run()
        comparison = None
        if finished:
            if not directory.model.exists():
                write_model(engine, directory.model)
            if evaluator:
                evaluator.sample("trained")
                comparison = evaluator.compare()
            loop.journal.ensure("finish", loop.step, peak_memory_gib=peak_memory_gib())
        if loop.stopped:
            progress.event(f"stopped: {loop.stopped.reason}")
    with _disk_errors(directory):
        report = write_report(directory.path)
    return Result(directory.path, finished, loop.stopped, comparison, report)


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


def _begin(loop: Loop, origin: Origin | None, resuming: bool, edited: Sequence[edits.Change]) -> None:
    """Journal the start once, and bring the engine and the loop to where the run stands."""
    recipe, directory, engine = loop.recipe, loop.directory, loop.engine
    found = loop.checkpoints.newest_first()
    if origin is not None and not found:
        engine.roll_back(Checkpoints(RunDirectory(origin.run), recipe.checkpoint).of_step(origin.step), True)
    parent = {**asdict(origin), "run": str(origin.run)} if origin else None
    loop.forked = origin is not None
    identity = lineage.identity(directory.path) or lineage.new_identity()
    loop.journal.ensure(
        "start", 0, recipe=recipe.name, model=recipe.model, id=identity,
        parent=parent, reference_id=engine.reference_id, settings=recipe.model_dump(mode="json"),
    )  # fmt: skip
    if resuming:
        loop.take_up()
    if edited:
        listed = [asdict(change) for change in edited]
        loop.journal.append("edited", loop.step, changes=listed, settings=recipe.model_dump(mode="json"))
        for change in edited:
            loop.progress.event(f"edited: {change}")


def _tracked(loop: Loop) -> tracking.TrackedRun:
    path = loop.directory.path
    return tracking.TrackedRun(path, lineage.identity(path) or "", loop.step, loop.recipe.model_dump(mode="json"))


def _facts(recipe: Recipe, directory: RunDirectory) -> dict[str, Any]:
    return {
        "run": str(directory.path), "recipe": recipe.name, "model": recipe.model, "total_steps": recipe.total_steps,
    }  # fmt: skip


def peak_memory_gib() -> float:
    """The largest resident set of this process so far, in GiB; verifier workers come on top."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
