"""Difficulty scaling: base and tuned by level of a task, within and beyond what training saw."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from prorl.boundary.contrasts import Contrast, contrasts
from prorl.boundary.curves import Curve, curves
from prorl.boundary.intervals import RESAMPLES
from prorl.boundary.paired import pair
from prorl.boundary.plain import Plain
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


@dataclass(frozen=True, slots=True)
class Level(Plain):
    """One level of one task."""

    task: str
    level: float
    trained: bool | None
    """Whether training saw this level; None where that isn't known."""
    curves: tuple[Curve, ...]
    """Of every model."""
    contrasts: tuple[Contrast, ...]
    """Of every tuned model with the base, corrected over all levels of all tasks."""


def by_level(
    frames: Mapping[str, pl.DataFrame],
    trained: Mapping[str, Collection[float]],
    ks: Sequence[int],
    boundary_k: int,
    *,
    unsure: Collection[str] = (),
    seed: int = 0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> list[Level]:
    """Compare models at every level of every task, sorted by both.

    `frames` are counts with a numeric column `level` besides; the first model is the base. `trained` names the levels
    that training saw, by task; at others it wasn't trained, but for tasks that are `unsure`, where that isn't known.
    Raises UserError for counts without levels.
    """
    for model, frame in frames.items():
        if "level" not in frame.columns:
            raise UserError(f"the counts of {model} have no column level; scaling needs the level of every problem")
        if frame["level"].is_null().any():
            raise UserError(f"the counts of {model} hold problems without a level; leave them out or name their level")
    marked = {
        model: frame.with_columns(
            pl.concat_str(pl.col("task"), pl.lit("@"), pl.col("level").cast(pl.Float64).cast(pl.String)).alias("task")
        )
        for model, frame in frames.items()
    }
    paired = pair(marked)
    of_models = [curves(paired, model, ks, seed=seed, level=level, resamples=resamples) for model in paired.models]
    against = contrasts(paired, ks, boundary_k, seed=seed, level=level, resamples=resamples)
    found = []
    for index, name in enumerate(paired.tasks):
        task, _, at = name.rpartition("@")
        seen = float(at) in {float(value) for value in trained.get(task, ())}
        found.append(
            Level(
                task=task,
                level=float(at),
                trained=seen or (None if task in unsure else False),
                curves=tuple(of_model[index] for of_model in of_models),
                contrasts=tuple(row for row in against if row.task == name and row.task != OVERALL),
            )
        )
    return sorted(found, key=lambda row: (row.task, row.level))
