"""Tuned models against the base, paired by problem: Δpass@k over the whole grid, and which differences are claims.

Two k are named in advance: 1, which is accuracy, and the boundary's. Only these are tested, each by a sign-flip test on
the paired differences of equally many samples (`boundary.differences`), and corrected by Holm's method over all tasks
and tuned models that are compared: Holm holds the chance of any false claim at 5 % however the tests depend on each
other, and they do, by the base's samples.
The suite's mean is one question of its own for each tuned model, corrected over these alone.
Intervals are pointwise: at other k they describe and don't test.

The test holds 5 % against models that are the same on every problem. Of models that differ, and whose mean difference
is 0, it doesn't: where most problems gain a little and few lose much, a small task may have drawn none of the few, and
neither test nor interval can know. So a claim also needs that its sign would stand if a share of problems as large as
can have gone unseen (`intervals.unseen_share`) were at the other end of the range: by that a task of 24 problems
needs 17 points, one of 12 needs 36, one of 60 needs 6.4, a suite of 8 × 24 needs 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prorl.boundary.comparison import ALPHA
from prorl.boundary.crossover import Crossover, crossover
from prorl.boundary.differences import swappable_differences
from prorl.boundary.intervals import RESAMPLES, Interval, mean_intervals, unseen_share
from prorl.boundary.paired import STRICT, Paired, random_numbers
from prorl.boundary.plain import Plain
from prorl.boundary.significance import DRAWS, holm, sign_flip_p
from prorl.tasks.names import OVERALL

ROSE, FELL, UNDECIDED = "rose", "fell", "not measurably different"


@dataclass(frozen=True, slots=True)
class Contrast(Plain):
    """A tuned model against the base on one task, or overall, under one kind of extraction."""

    base: str
    tuned: str
    task: str
    extraction: str
    problems: int
    boundary_k: int
    delta: dict[int, Interval]
    """By k: mean over problems of tuned − base."""
    p_value: dict[int, float]
    """By tested k (1 and `boundary_k`)."""
    p_corrected: dict[int, float]
    efficiency_gap: Interval
    """ΔSE: base pass@boundary_k − tuned pass@1 (Yue et al., arXiv 2504.13837)."""
    crossover: Crossover
    unseen: float
    """Share of unlike problems that can have gone unseen (`intervals.unseen_share`)."""

    def moved(self, k: int) -> str:
        """What may be claimed of pass@k, k being 1 or the boundary's: `ROSE`, `FELL` or `UNDECIDED`.

        A claim needs the corrected test to agree with the interval, also when that is widened by unseen problems.
        """
        interval = self.delta[k].with_unseen(self.unseen)
        if self.p_corrected[k] >= ALPHA or not interval.excludes(0.0):
            return UNDECIDED
        return ROSE if interval.estimate > 0 else FELL

    @property
    def accuracy(self) -> str:
        """Whether pass@1 moved."""
        return self.moved(1)

    @property
    def boundary(self) -> str:
        """Whether pass@k at the boundary's k moved."""
        return self.moved(self.boundary_k)

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("accuracy", "boundary")


def contrasts(
    paired: Paired,
    ks: Sequence[int],
    boundary_k: int,
    *,
    names: Sequence[str] | None = None,
    extraction: str = STRICT,
    seed: int = 0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    draws: int = DRAWS,
) -> list[Contrast]:
    """Every tuned model on every task and overall, or on the rows in `names`, corrected as the module says.

    `ks` is the grid; 1 and `boundary_k` are added to it. Raises ValueError for k above the fewest samples.
    """
    grid = tuple(sorted({1, boundary_k, *ks}))
    names = names or (*paired.tasks, OVERALL)
    tests = len(paired.tuned), len(paired.tuned) * sum(name != OVERALL for name in names)
    found = [
        _contrast(
            paired, tuned, name, grid, boundary_k, extraction, seed, level, resamples, draws, tests[name != OVERALL]
        )
        for tuned in paired.tuned
        for name in names
    ]
    by_task = _corrected([contrast for contrast in found if contrast.task != OVERALL])
    by_suite = _corrected([contrast for contrast in found if contrast.task == OVERALL])
    return sorted(by_task + by_suite, key=lambda row: (paired.tuned.index(row.tuned), row.task == OVERALL, row.task))


def _contrast(
    paired: Paired, tuned: str, name: str, ks: tuple[int, ...], boundary_k: int, extraction: str, seed: int,
    level: float, resamples: int, draws: int, tests: int,
) -> Contrast:  # fmt: skip
    rng = random_numbers(seed, name)
    base, other = (paired.pass_at(model, name, ks, extraction) for model in (paired.base, tuned))
    deltas = [after - before for before, after in zip(base, other, strict=True)]
    at = ks.index(boundary_k)
    columns = [
        np.vstack([delta, before[at] - after[0]]) for delta, before, after in zip(deltas, base, other, strict=True)
    ]
    *intervals, gap = mean_intervals(columns, rng, level=level, bounds=(-1.0, 1.0), resamples=resamples)
    tested = dict.fromkeys((1, boundary_k))
    swapped = swappable_differences(paired, paired.base, tuned, name, tuple(tested), extraction, seed=seed)
    p_values = {k: sign_flip_p([task[row] for task in swapped], rng, draws, tests) for row, k in enumerate(tested)}
    return Contrast(
        base=paired.base,
        tuned=tuned,
        task=name,
        extraction=extraction,
        problems=sum(values.shape[1] for values in deltas),
        boundary_k=boundary_k,
        delta=dict(zip(ks, intervals, strict=True)),
        p_value=p_values,
        p_corrected=p_values,
        efficiency_gap=gap,
        crossover=crossover(deltas, ks, rng, level=level, resamples=min(resamples, 2000)),
        unseen=unseen_share(len(deltas), min(values.shape[1] for values in deltas), level),
    )


def _corrected(rows: list[Contrast]) -> list[Contrast]:
    """The rows with p-values corrected for their number, separately at each tested k."""
    corrected: list[dict[int, float]] = [{} for _ in rows]
    for k in rows[0].p_value if rows else ():
        for found, value in zip(corrected, holm([row.p_value[k] for row in rows]), strict=True):
            found[k] = value
    return [replace(row, p_corrected=found) for row, found in zip(rows, corrected, strict=True)]
