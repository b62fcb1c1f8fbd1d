"""Verifiers that pay for wrong answers: where partial credit could be drawn as success.

A verifier that gives 0.01 to any answer at all makes 256 wrong samples of a problem sum up to 2.56. Whoever takes this
for a number of successes finds int(2.56) = 2 of 256, and with it a curve that ends in "pass@256 = 1". Here a success is
a sample whose score reaches the threshold, so the estimate is 0, and the task is flagged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import Floats, pass_at_k, pass_at_ks
from prorl.boundary.paired import Ints, Paired
from prorl.boundary.plain import Plain


@dataclass(frozen=True, slots=True)
class Floor(Plain):
    """What partial credit would do to one model's curve on one task."""

    model: str
    task: str
    floor: float
    """Lowest mean score of a problem that no sample solved; 0 where there is none. Above 0, no problem went unpaid."""
    unsolved: int
    """Problems that no sample solved."""
    paid: int
    """Of those, how many int(n × mean score) takes for solved."""
    k: int
    strict: float
    """Mean pass@k of successes."""
    drawn: float
    """Mean pass@k that int(n × mean score) would give."""

    @property
    def warning(self) -> str | None:
        """One line, where partial credit would count as success."""
        if not self.paid:
            return None
        return (
            f"{self.task}: {self.model} is given up to credit for wrong answers; read as successes, they would draw "
            f"pass@{self.k} = {self.drawn:.3f} where it is {self.strict:.3f} ({self.paid} of {self.unsolved} unsolved "
            f"problems; lowest mean score of an unsolved problem {self.floor:g})"
        )

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("warning",)


def floors(paired: Paired, k: int) -> list[Floor]:
    """Every model on every task."""
    return [_floor(paired, model, task, k) for model in paired.models for task in paired.tasks]


def _floor(paired: Paired, model: str, task: str, k: int) -> Floor:
    counts = paired.counts[model][task]
    unsolved = counts.c == 0
    drawn = taken_for_successes(counts.n, counts.score, counts.c)
    return Floor(
        model=model,
        task=task,
        floor=max(0.0, float(counts.score[unsolved].min())) if unsolved.any() else 0.0,
        unsolved=int(unsolved.sum()),
        paid=int((drawn[unsolved] > 0).sum()),
        k=k,
        strict=float(pass_at_k(counts.n, counts.c, k).mean()),
        drawn=float(pass_at_k(counts.n, drawn, k).mean()),
    )


def taken_for_successes(n: Ints, score: Floats, c: Ints) -> Ints:
    """int(n × mean score), at least the true number of successes and at most n: [problems]."""
    return np.asarray(np.clip(np.floor(n * score + 1e-9).astype(np.int64), c, n))


def artefact_curve(samples: int, score: float, ks: Sequence[int]) -> list[float]:
    """The curve that `samples` wrong answers of this mean score are drawn as."""
    taken = taken_for_successes(np.array([samples]), np.array([score]), np.array([0]))
    return [float(value) for value in pass_at_ks([samples], taken, ks)[:, 0]]
