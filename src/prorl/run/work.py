"""The work on a run, from where it stands to its end, though the processes that compute may be lost on the way."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from prorl.engine.protocol import Engine, EngineLost
from prorl.errors import IntegrityError
from prorl.recipe.schema import Recipe
from prorl.run import edits, forking, lineage, tracking
from prorl.run.directory import RunDirectory
from prorl.run.evaluation import Evaluator
from prorl.run.export import write_model
from prorl.run.heeding import LeftEarly, tell_what_came_too_late
from prorl.run.interrupt import Interrupt
from prorl.run.lineage import Origin
from prorl.run.loop import Loop
from prorl.run.progress import Progress
from prorl.run.suites import Suites
from prorl.run.taking_up import take_up
from prorl.run.validate import Validator
from prorl.tasks.contract import Problem
from prorl.tasks.stream import ProblemStream

if TYPE_CHECKING:
    from prorl.boundary.comparison import Comparison


PATIENCE = 5.0
"""Seconds to wait after a loss, times the losses before it: a cluster needs a while to notice that a node is gone."""


@dataclass(frozen=True)
class Done:
    """How far the work came. `comparison` is None where the recipe asks for none, or the run was stopped early."""

    loop: Loop
    finished: bool
    comparison: Comparison | None


@dataclass(frozen=True)
class Work:
    """What stays when the run is taken up anew in the same process. `tests` and `validations` are held out."""

    recipe: Recipe
    directory: RunDirectory
    engine: Engine
    suites: Suites
    tests: list[Problem]
    validations: list[Problem]
    progress: Progress
    origin: Origin | None

    def to_the_end(self, resuming: bool, edited: Sequence[edits.Change]) -> Done:
        """Go on from the newest checkpoint, or the beginning, and again each time that the engine is lost.

        Raises IntegrityError after `cluster.restarts` losses without a checkpoint between them.
        """
        losses, reached = 0, -1
        while True:
            loop = self._loop()
            try:
                if losses:
                    self.engine.restart()
                return self._once(loop, resuming, edited)
            except EngineLost as error:
                stands = max(loop.checkpoints.steps(), default=0)
                losses, reached = (1, stands) if stands > reached else (losses + 1, reached)
                if losses > self.recipe.cluster.restarts:
                    raise IntegrityError(
                        f"{error}; {losses} losses without a checkpoint between them (cluster.restarts="
                        f"{self.recipe.cluster.restarts}). Go on with: prorl train --resume {self.directory.path}"
                    ) from error
                loop.journal.append("warning", stands, message=f"going on from step {stands}: {error}")
                self.progress.event(f"{error}; going on from step {stands}")
                time.sleep(PATIENCE * (losses - 1))
                resuming = True

    def _loop(self) -> Loop:
        recipe, suites, validation = self.recipe, self.suites, self.recipe.validation
        stream = ProblemStream(suites.at(0), recipe.seed, excluded=self.tests + self.validations)
        validator = (
            Validator(validation, self.validations, suites.top, suites.pool, self.engine, self.directory, self.progress)
            if validation
            else None
        )
        return Loop(recipe, self.directory, self.engine, suites, stream, validator, self.progress)

    def _once(self, loop: Loop, resuming: bool, edited: Sequence[edits.Change]) -> Done:
        _begin(loop, self.origin, resuming, edited)
        loop.trackers = tracking.open_all(self.recipe, _tracked(loop), self.progress.event)
        with closing(loop.trackers):
            try:
                return self._from_base_to_comparison(loop)
            except LeftEarly:
                return Done(loop, finished=False, comparison=None)

    def _from_base_to_comparison(self, loop: Loop) -> Done:
        """Sample the base model, train, and, if that came to its end, write the model and compare it with its base."""
        settings, suites = self.recipe.evaluation, self.suites
        evaluator = Evaluator(settings, loop, suites.top, self.tests, suites.pool) if settings else None
        if evaluator:
            evaluator.sample("base")
        with Interrupt(lambda: self.progress.event("stopping after this step; again: at once")) as loop.interrupt:
            finished = loop.run()
        comparison = None
        if finished:
            if not self.directory.model.exists():
                write_model(self.engine, self.directory.model)
            if evaluator:
                evaluator.sample("trained")
                comparison = evaluator.compare()
            tell_what_came_too_late(loop)
            loop.journal.ensure("finish", loop.step, peak_memory_gib=peak_memory_gib())
        return Done(loop, finished, comparison)


def _begin(loop: Loop, origin: Origin | None, resuming: bool, edited: Sequence[edits.Change]) -> None:
    """Journal the start once, and bring the engine and the loop to where the run stands."""
    recipe, directory, engine = loop.recipe, loop.directory, loop.engine
    found = loop.checkpoints.newest_first()
    if origin is not None and not found:
        forking.take_policy(engine, origin, recipe.checkpoint, directory.path)
    parent = origin.to_dict() if origin else None
    loop.forked = origin is not None
    identity = lineage.identity(directory.path) or lineage.new_identity()
    loop.journal.ensure(
        "start", 0, recipe=recipe.name, model=recipe.model, id=identity,
        parent=parent, reference_id=engine.reference_id, settings=recipe.model_dump(mode="json"),
    )  # fmt: skip
    if resuming:
        take_up(loop)
    if edited and edits.changes(edits.known(directory.journal)[-1], recipe):  # told once, though the engine was lost
        listed = [asdict(change) for change in edited]
        loop.journal.append("edited", loop.step, changes=listed, settings=recipe.model_dump(mode="json"))
        for change in edited:
            loop.progress.event(f"edited: {change}")


def _tracked(loop: Loop) -> tracking.TrackedRun:
    path = loop.directory.path
    return tracking.TrackedRun(path, lineage.identity(path) or "", loop.step, loop.recipe.model_dump(mode="json"))


def peak_memory_gib() -> float:
    """The largest resident set of this process so far, in GiB; verifier workers come on top."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
