"""Crossover: the number of samples after which the base model stays ahead of the tuned one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import Floats
from prorl.boundary.intervals import resampled_means
from prorl.boundary.plain import Plain

_TIE = 1e-12
"""Curves that are nearer to each other are equal."""


@dataclass(frozen=True, slots=True)
class Crossover(Plain):
    """The k from which Δpass@k (tuned − base) stays at or below 0, with the base ahead at some k of these; and a
    percentile interval over resampled problems."""

    k: float | None
    """None: the tuned model leads at the largest k that was measured, or the curves only meet there. The smallest k:
    the base leads from the first sample on."""
    low: float | None
    high: float | None
    """None: beyond the largest k."""
    beyond: float
    """Share of the resamples in which no crossover lies within the measured k."""
    largest_k: int
    base_first: bool
    """Whether there is none and the base leads at the smallest k: then the tuned model passes it, not the base."""


def crossover(
    deltas: Sequence[Floats],
    ks: Sequence[int],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> Crossover:
    """Crossover of the mean of the tasks' mean differences; `deltas` are [ks, problems] by task.

    Between two k of the grid the difference is taken as linear in log k.
    """
    means = resampled_means(deltas, rng, resamples)
    observed = np.mean([values.mean(axis=1) for values in deltas], axis=0)
    grid = np.asarray(ks, np.float64)
    k = float(_crossings(observed[None], grid)[0])
    resampled = _crossings(means, grid)
    ends = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    low, high = (None if np.isinf(end) else float(end) for end in ends)
    crosses = not np.isinf(k)
    base_first = not crosses and bool(observed[0] < -_TIE)
    return Crossover(k if crosses else None, low, high, float(np.mean(np.isinf(resampled))), max(ks), base_first)


def _crossings(curves: Floats, ks: Floats) -> Floats:
    """Where each curve, [curves, ks], comes down to 0 for good and goes below it; infinity where it doesn't."""
    tail = np.logical_and.accumulate((curves <= _TIE)[:, ::-1], axis=1)[:, ::-1]
    crosses = (tail & (curves < -_TIE)).any(axis=1)
    first = tail.argmax(axis=1)
    found = np.where(crosses, ks[0], np.inf)
    rows = np.flatnonzero(crosses & (first > 0))
    at = first[rows]
    before, after = curves[rows, at - 1], np.minimum(curves[rows, at], 0.0)
    found[rows] = ks[at - 1] * (ks[at] / ks[at - 1]) ** (before / (before - after))
    return found
