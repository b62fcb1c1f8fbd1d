"""TensorBoard event files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from prorl.recipe.tracking import TensorBoard
from prorl.run.tracking import TrackedRun


class TensorBoardTracker:
    """Scalars by step. Steps that a resumed run makes again replace what was logged of them before."""

    def __init__(self, spec: TensorBoard, run: TrackedRun) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = Path(spec.folder) if spec.folder else run.path / "tensorboard"
        purge = run.step + 1 if run.step else 0
        self._writer = SummaryWriter(str(folder), purge_step=purge)
        recipe = yaml.safe_dump(dict(run.settings), sort_keys=False)
        self._writer.add_text("recipe", f"```yaml\n{recipe}```", run.step)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One scalar a value."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
