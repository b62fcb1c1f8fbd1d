"""Crossover: the number of samples from which the base model solves as much as the tuned one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import Floats
from prorl.boundary.intervals import resampled_means
from prorl.boundary.plain import Plain


@dataclass(frozen=True, slots=True)
class Crossover(Plain):
    """The k at which Δpass@k (tuned − base) comes down to 0, with a percentile interval over resampled problems."""

    k: float | None
    """None: the tuned model leads up to the largest k that was measured."""
    low: float | None
    high: float | None
    """None: beyond the largest k."""
    beyond: float
    """Share of the resamples in which no crossover lies within the measured k."""
    largest_k: int


def crossover(
    deltas: Sequence[Floats],
    ks: Sequence[int],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> Crossover:
    """Crossover of the mean of the tasks' mean differences; `deltas` are [ks, problems] by task.

    Between two k of the grid the difference is taken as linear in log k. A tuned model that doesn't lead at the
    smallest k crosses there.
    """
    means = resampled_means(deltas, rng, resamples)
    observed = np.mean([values.mean(axis=1) for values in deltas], axis=0)
    grid = np.asarray(ks, np.float64)
    k = float(_crossings(observed[None], grid)[0])
    resampled = _crossings(means, grid)
    ends = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    low, high = (None if np.isinf(end) else float(end) for end in ends)
    return Crossover(None if np.isinf(k) else k, low, high, float(np.mean(np.isinf(resampled))), max(ks))


def _crossings(curves: Floats, ks: Floats) -> Floats:
    """Where each curve, [curves, ks], first is at or below 0; infinity where it never is."""
    down = curves <= 1e-12
    first = np.where(down.any(axis=1), down.argmax(axis=1), -1)
    found = np.full(len(curves), np.inf)
    found[first == 0] = ks[0]
    rows = np.flatnonzero(first > 0)
    at = first[rows]
    before, after = curves[rows, at - 1], np.minimum(curves[rows, at], 0.0)
    found[rows] = ks[at - 1] * (ks[at] / ks[at - 1]) ** (before / (before - after))
    return found
