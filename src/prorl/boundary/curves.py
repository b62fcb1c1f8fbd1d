"""pass@k curves of one model, by task and over the suite, with intervals: strict and tolerant side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.intervals import RESAMPLES, Interval, mean_intervals
from prorl.boundary.paired import STRICT, TOLERANT, Paired, random_numbers
from prorl.boundary.plain import Plain
from prorl.tasks.names import OVERALL


@dataclass(frozen=True, slots=True)
class Curve(Plain):
    """A model on one task, or overall (the mean of the tasks' means)."""

    model: str
    task: str
    problems: int
    samples: int
    """The fewest samples of a problem."""
    strict: dict[int, Interval]
    """pass@k by k, answers in the format that was asked for."""
    tolerant: dict[int, Interval]
    """pass@k by k, answers in any reasonable place."""
    score: Interval
    """Mean score with partial credit. Not a success rate."""


def curves(
    paired: Paired, model: str, ks: Sequence[int], *, seed: int = 0, level: float = 0.95, resamples: int = RESAMPLES
) -> list[Curve]:
    """Curves of a model for every task, the overall one last. Raises ValueError for k above the fewest samples."""
    return [_curve(paired, model, name, ks, seed, level, resamples) for name in (*paired.tasks, OVERALL)]


def _curve(paired: Paired, model: str, name: str, ks: Sequence[int], seed: int, level: float, resamples: int) -> Curve:
    extractions = (paired.pass_at(model, name, ks, extraction) for extraction in (STRICT, TOLERANT))
    scores = [paired.counts[model][task].score[None] for task in paired.members(name)]
    columns = [np.concatenate(parts) for parts in zip(*extractions, scores, strict=True)]
    # Scores may leave [0, 1]; then their interval may, too. pass@k can't.
    of_score = float(min(0.0, *(s.min() for s in scores))), float(max(1.0, *(s.max() for s in scores)))
    bounds = [(0.0, 1.0)] * (2 * len(ks)) + [of_score]
    rng = random_numbers(seed, name)
    found = mean_intervals(columns, rng, level=level, bounds=bounds, resamples=resamples)
    joined = paired.joined(model, name)
    strict, tolerant = found[: len(ks)], found[len(ks) : -1]
    return Curve(
        model, name, len(joined.n), int(joined.n.min()),
        dict(zip(ks, strict, strict=True)), dict(zip(ks, tolerant, strict=True)), found[-1],
    )  # fmt: skip
