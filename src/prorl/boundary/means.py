"""Means over problems of anything that was measured by problem: entropies, majority@k, perplexities, lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from prorl.boundary.intervals import RESAMPLES, Interval, mean_interval
from prorl.boundary.paired import random_numbers
from prorl.boundary.plain import Plain
from prorl.tasks.names import OVERALL


@dataclass(frozen=True, slots=True)
class Mean(Plain):
    """A quantity on one task, or overall (the mean of the tasks' means)."""

    task: str
    problems: int
    missing: int
    """Problems without a value, which are left out."""
    mean: Interval | None
    """None where no problem has a value."""


def means(
    frame: pl.DataFrame,
    columns: Mapping[str, tuple[float, float]],
    *,
    seed: int = 0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> dict[str, list[Mean]]:
    """Means of columns of a frame with one row a problem (task, problem, ...), by column: every task, then overall.

    `columns` gives the least and greatest value that each quantity can have; an interval doesn't leave them. A task
    without any value is left out of the overall mean.
    """
    tasks = {str(part["task"][0]): part for part in frame.sort("task", "problem").partition_by("task")}
    found: dict[str, list[Mean]] = {}
    for column, bounds in columns.items():
        values = {task: part[column].drop_nulls().to_numpy().astype(np.float64) for task, part in tasks.items()}
        groups = {**{task: [task] for task in tasks}, OVERALL: list(tasks)}
        found[column] = []
        for name, members in groups.items():
            strata = [values[task] for task in members if len(values[task])]
            rng = random_numbers(seed, name)
            mean = mean_interval(strata, rng, level=level, bounds=bounds, resamples=resamples) if strata else None
            here = sum(map(len, strata))
            found[column].append(Mean(name, here, sum(tasks[task].height for task in members) - here, mean))
    return found
