"""The policy that a fork begins with: it lies in the folder of its parent, which goes on meanwhile."""

from __future__ import annotations

from pathlib import Path

from prorl.engine.protocol import Engine
from prorl.errors import IntegrityError, UserError
from prorl.recipe.schema import Checkpoint
from prorl.run import lineage
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory
from prorl.run.lineage import Origin


def checkpoint_of(origin: Origin, settings: Checkpoint) -> Path:
    """The checkpoint that a fork begins with. Raises UserError if there is none, IntegrityError if it was altered."""
    return _of(origin, settings).of_step(origin.step)


def take_policy(engine: Engine, origin: Origin, settings: Checkpoint, run: Path) -> None:
    """Make the origin's policy the engine's and its reference, before `run` has a checkpoint of its own.

    Raises UserError if that checkpoint is not there any more.
    """
    try:
        if lineage.identity(origin.run) == (origin.id or None):
            engine.roll_back(checkpoint_of(origin, settings), clear_optimizer=True)
            return
    except (OSError, UserError, IntegrityError):
        if origin.step in _of(origin, settings).steps():
            raise
    raise UserError(
        f"{run} can't begin: {origin.run} no longer has the checkpoint of step {origin.step} that it is a fork of; "
        f"remove {run} and fork another: prorl train RECIPE --fork RUN@STEP"
    )


def _of(origin: Origin, settings: Checkpoint) -> Checkpoints:
    return Checkpoints(RunDirectory(origin.run), settings)
