"""A model that is measured: where its weights come from, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prorl.engine.protocol import Engine
from prorl.recipe.schema import Compute


@dataclass(frozen=True, slots=True)
class Subject:
    """A Hugging Face folder, or a checkpoint of a run that began from it."""

    name: str
    model: Path
    checkpoint: Path | None = None
    step: int | None = None
    """Training steps that it has behind it, where that is known."""

    def open(self, compute: Compute) -> Engine:
        """Load it. The engine's `reference_id` is the hash of its weights: the same weights have the same samples."""
        from prorl.engine.local.engine import LocalEngine

        engine = LocalEngine(self.model, compute, seed=0)
        if self.checkpoint is not None:
            engine.roll_back(self.checkpoint, clear_optimizer=True)
        return engine
