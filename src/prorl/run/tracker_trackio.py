"""trackio."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping

from prorl.recipe.tracking import Trackio
from prorl.run.tracking import TrackedRun


class TrackioTracker:
    """One trackio run, named by the folder and the id of ours, so that a resume goes on with it."""

    def __init__(self, spec: Trackio, run: TrackedRun) -> None:
        import trackio

        with contextlib.redirect_stdout(sys.stderr):  # standard output is ours
            self._run = trackio.init(
                project=spec.project, name=f"{run.path.name}-{run.id}", space_id=spec.space, resume="allow",
                config=dict(run.settings), embed=False, auto_log_gpu=False, auto_log_cpu=False,
            )  # fmt: skip

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """The values of a step."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Write what is left."""
        with contextlib.redirect_stdout(sys.stderr):
            self._run.finish()  # type: ignore[no-untyped-call]
