"""Trackers: where numbers go besides the run's files, which hold all of them always."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from prorl.errors import UserError
from prorl.plugins import called, imported
from prorl.recipe.schema import Recipe
from prorl.recipe.tracking import CustomTracker, TensorBoard, Trackio, WandB

_PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "trackio": "trackio"}


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What a tracker is told of the run when this process begins to work on it."""

    path: Path
    id: str
    """The same after every resume."""
    step: int
    """Steps done; what was logged of later ones is done again."""
    settings: Mapping[str, Any]
    """The recipe, as plain data."""


class Tracker(Protocol):
    """One place that numbers go to."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Take the numbers of a step; there may be several calls for one. `time/…` and `validation/…` name theirs."""

    def close(self) -> None:
        """This process is done with the run."""


class Trackers:
    """All trackers of a run. One that fails is left out from then on, and a person is told: training goes on."""

    def __init__(
        self, named: Mapping[str, Tracker] | None = None, told: Callable[[str], None] = lambda said: None
    ) -> None:
        self._named, self._told = dict(named or {}), told

    def log(self, step: int, values: Mapping[str, float | int | str]) -> None:
        """Hand on what is a number."""
        numbers = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
        self._each(lambda tracker: tracker.log(step, numbers))

    def close(self) -> None:
        """Close all."""
        self._each(lambda tracker: tracker.close())

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._named.items()):
            try:
                act(tracker)
            except Exception as error:  # noqa: BLE001 - a view of the run must not end it
                del self._named[name]
                self._told(_left_out(name, error))


def check(recipe: Recipe) -> None:
    """Raises UserError if a tracker's package isn't there, before anything is written."""
    for spec in recipe.trackers:
        package = _PACKAGES.get(spec.kind)
        if package is not None and importlib.util.find_spec(package) is None:
            raise UserError(f"tracker {spec.kind}: its package is not installed; pip install 'prorl[{spec.kind}]'")
        if isinstance(spec, CustomTracker):
            imported(spec.tracker, "tracker custom")


def open_all(recipe: Recipe, run: TrackedRun, told: Callable[[str], None]) -> Trackers:
    """The recipe's trackers that can be opened. Raises UserError for one of one's own that can't be made."""
    named = {}
    for place, spec in enumerate(recipe.trackers, start=1):
        name = f"{place} {spec.kind}"
        try:
            named[name] = _open(spec, run)
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001 - a view of the run must not end it
            told(_left_out(name, error))
    return Trackers(named, told)


def _left_out(name: str, error: Exception) -> str:
    said = " ".join(str(error).split())
    return f"warning: tracker {name} failed and is left out from here on: {type(error).__name__}: {said}"


def _open(spec: TensorBoard | WandB | Trackio | CustomTracker, run: TrackedRun) -> Tracker:
    if isinstance(spec, TensorBoard):
        from prorl.run.tracker_tensorboard import TensorBoardTracker

        return TensorBoardTracker(spec, run)
    if isinstance(spec, WandB):
        from prorl.run.tracker_wandb import WandBTracker

        return WandBTracker(spec, run)
    if isinstance(spec, Trackio):
        from prorl.run.tracker_trackio import TrackioTracker

        return TrackioTracker(spec, run)
    made: Tracker = called(spec.tracker, "tracker custom", run, **spec.options)
    return made
