"""Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping

from prorl.recipe.tracking import WandB
from prorl.run.tracking import TrackedRun


class WandBTracker:
    """One W&B run for the whole of a run, resumes included. The x-axis is `step`, so steps made again may be logged."""

    def __init__(self, spec: WandB, run: TrackedRun) -> None:
        import wandb

        self._run = wandb.init(
            project=spec.project, entity=spec.entity, id=run.id, name=run.path.name, resume="allow", mode=spec.mode,
            dir=str(run.path), config=dict(run.settings), save_code=False,
            settings=wandb.Settings(console="off", silent=True),
        )  # fmt: skip
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One history row a call."""
        self._run.log({"step": step, **values})

    def close(self) -> None:
        """Upload, or write down, what is left."""
        self._run.finish()
