"""Results by what training did: its duration, what it never asked, and levels beyond those it asked."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from prorl.boundary.curves import Curve
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.results import Trained
from prorl.boundary.levels import Level, by_level
from prorl.tasks.names import OVERALL

_LEVEL = r"^(.+)@(?:level)?(\d+(?:\.\d+)?)$"
"""A variant that says its level: `reasoning_gym/graph_color@15`, `reasoning_gym/gcd@level2`."""


def levels(evidence: Evidence, ks: Sequence[int], boundary: int, seed: int, level: float) -> tuple[Level, ...]:
    """Base and tuned models by level, for the tasks that stand in the suite at several levels."""
    frames = {model: _with_levels(frame) for model, frame in evidence.counts.items()}
    first = next(iter(frames.values()))
    several = first.group_by("task").agg(pl.col("level").n_unique()).filter(pl.col("level") > 1)["task"].to_list()
    if not several or len(frames) < 2:
        return ()
    trained: dict[str, list[float]] = {}
    unsure = set() if evidence.trained else {*several}
    for name in evidence.trained:
        task, at, label = name.partition("@")
        if at and label.removeprefix("level").replace(".", "", 1).isdecimal():
            trained.setdefault(task, []).append(float(label.removeprefix("level")))
        else:
            unsure.add(task)
    kept = {model: frame.filter(pl.col("task").is_in(several)) for model, frame in frames.items()}
    return tuple(by_level(kept, trained, ks, boundary, unsure=unsure, seed=seed, level=level))


def _with_levels(frame: pl.DataFrame) -> pl.DataFrame:
    """The problems of variants that say their level, under the task's plain name."""
    parts = pl.col("task").str.extract_groups(_LEVEL)
    return (
        frame.with_columns(plain=parts.struct.field("1"), level=parts.struct.field("2").cast(pl.Float64))
        .filter(pl.col("level").is_not_null())
        .with_columns(task="plain")
        .drop("plain")
    )


def out_of_training(evidence: Evidence, tasks: Sequence[str]) -> tuple[str, ...]:
    """Tasks that training asked under no name, variants counting as their task; empty if nothing is known of it."""
    if not evidence.trained:
        return ()
    asked = {name.partition("@")[0] for name in evidence.trained}
    return tuple(task for task in tasks if task.partition("@")[0] not in asked)


def duration(evidence: Evidence, curves: Sequence[Curve], boundary: int) -> tuple[Trained, ...]:
    """pass@1 and the boundary by training steps, where they are known of at least two models besides the base."""
    if len(evidence.steps) < 2:
        return ()
    base = next(iter(evidence.counts))
    steps = {base: 0, **evidence.steps}
    found = (
        Trained(curve.model, steps[curve.model], curve.strict[1], curve.strict[boundary])
        for curve in curves
        if curve.task == OVERALL and curve.model in steps
    )
    return tuple(sorted(found, key=lambda row: row.steps))
