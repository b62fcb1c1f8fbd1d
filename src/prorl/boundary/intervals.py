"""Confidence intervals for a mean over problems, the problems being what was drawn at random.

A suite's number is the mean of its tasks' means, so problems are resampled within their task (the stratum).

- Where a task's values differ: bias-corrected and accelerated bootstrap (Efron 1987) with the acceleration of a
  stratified mean (Davison & Hinkley 1997, section 5.3.2) and quantiles widened for few problems (Student's t with
  Welch-Satterthwaite degrees of freedom; Hesterberg 2015, "expanded percentile").
- Where all values of a task are equal (all zero, say) a bootstrap would claim certainty. Then a share q of unlike
  problems can have gone unseen, with (1−q)^problems = α/2, and they may lie at either end of the range. For all-zero
  data this is Clopper and Pearson's bound, for a single problem nearly the whole range.
- Where a suite has tasks of both kinds the two parts are combined as independent ones (MOVER, Zou & Donner 2008).

Simulated coverage of the 95 % interval is 93-97 % for suites and tasks of 60 problems whose values differ, and for
pass@1 of tasks of 12 or more. It is less where a few problems carry a small task's mean, and at a k that solves nearly
all or nearly none: 88-96 % for tasks of 24, 80-90 % for tasks of 12. Where nearly all values agree a bootstrap knows
nothing of what was not drawn, and 95 % may be 20 % (`benchmarks/interval_coverage.py`; table in docs/boundary.md). So
no claim rests on such an interval alone: `Interval.with_unseen` is what claims are read from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bounds = tuple[float, float]

RESAMPLES = 10_000
FEWEST_RESAMPLES = 1000
_DRAWS = 20_000_000
"""Problems that are drawn in all: large suites are resampled less often, at least `FEWEST_RESAMPLES` times."""
_CELLS = 1_000_000
"""Resampled values held in memory at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its confidence interval."""

    estimate: float
    low: float
    high: float

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside the interval."""
        return value < self.low or value > self.high

    def with_unseen(self, share: float, bounds: Bounds = (-1.0, 1.0)) -> Interval:
        """As wide as the mean could be if this `share` of the problems (`unseen_share`), all of them unlike those that
        were drawn, lay at an end of the range; the interval itself where that reaches further."""
        low, high = (self.estimate + share * (end - self.estimate) for end in bounds)
        return Interval(self.estimate, min(self.low, low), max(self.high, high))


def unseen_share(tasks: int, problems: int, level: float = 0.95) -> float:
    """The share of problems that samples of `problems` of each of `tasks` all miss with a chance of (1 − level)/2.

    As a mean over tasks of equal weight it is largest where all have the same: 1 − (α/2)^(1/(tasks × problems)), by
    convexity of −log(1−q). With tasks of several sizes the smallest one's bounds it.
    """
    return float(1.0 - ((1.0 - level) / 2) ** (1.0 / (tasks * problems)))


def mean_interval(
    strata: Sequence[Floats],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = (0.0, 1.0),
    resamples: int = RESAMPLES,
) -> Interval:
    """Interval for the mean of the strata's means. Each stratum is [problems], with values within `bounds`."""
    columns = [np.asarray(values, np.float64)[None] for values in strata]
    return mean_intervals(columns, rng, level=level, bounds=bounds, resamples=resamples)[0]


def mean_intervals(
    strata: Sequence[Floats],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    bounds: Bounds | list[Bounds] = (0.0, 1.0),
    resamples: int = RESAMPLES,
) -> list[Interval]:
    """Several quantities of the same problems, such as a curve over k, each with its interval; one a column.

    Each stratum is [columns, problems]. All columns see the same resamples, so that they cost about as much as one.
    `bounds` are the least and greatest value that there can be: of all columns, or a list with those of each.
    """
    if not strata or any(values.shape[1] == 0 for values in strata):
        raise ValueError("an interval needs at least one stratum, and at least one problem in each")
    weight = 1.0 / len(strata)
    problems = sum(values.shape[1] for values in strata)
    resamples = min(resamples, max(FEWEST_RESAMPLES, _DRAWS // problems))
    varied = np.array([np.ptp(values, axis=1) > 0 for values in strata])
    means = resampled_means(strata, rng, resamples, varied)
    of_columns = bounds if isinstance(bounds, list) else [bounds] * strata[0].shape[0]
    return [
        _interval([values[column] for values in strata], varied[:, column], weight, means[:, column], level, ends)
        for column, ends in enumerate(of_columns)
    ]


def _interval(
    strata: Sequence[Floats],
    varied: NDArray[np.bool_],
    weight: float,
    means: Floats,
    level: float,
    bounds: tuple[float, float],
) -> Interval:
    estimate = float(sum(weight * values.mean() for values in strata))
    below = above = 0.0
    if varied.any():
        spread = [values for values, here in zip(strata, varied, strict=True) if here]
        low, high = _bca_offsets(spread, weight, means, level)
        below, above = low**2, high**2
    if not varied.all():
        constant = [values for values, here in zip(strata, varied, strict=True) if not here]
        low, high = _unseen_offsets(constant, weight, level, bounds)
        below, above = below + low**2, above + high**2
    low, high = estimate - below**0.5, estimate + above**0.5
    return Interval(estimate, max(low, bounds[0]), min(high, bounds[1]))


def _bca_offsets(strata: Sequence[Floats], weight: float, means: Floats, level: float) -> tuple[float, float]:
    """How far the interval reaches below and above the estimate; `means` are the resampled estimates."""
    from scipy.special import ndtr, ndtri, stdtrit

    estimate = sum(weight * values.mean() for values in strata)
    influence = [weight * (values - values.mean()) for values in strata]
    variances = np.array([np.sum(values**2) / len(values) ** 2 for values in influence])
    unbiased = np.array([v * len(x) / (len(x) - 1) for v, x in zip(variances, strata, strict=True)])
    freedom = unbiased.sum() ** 2 / np.sum(unbiased**2 / np.array([len(x) - 1 for x in strata]))
    acceleration = sum(np.sum(v**3) / len(v) ** 3 for v in influence) / (6 * variances.sum() ** 1.5)

    tolerance = 1e-12 * max(1.0, abs(estimate))
    share_below = np.mean(means < estimate - tolerance) + np.mean(abs(means - estimate) <= tolerance) / 2
    bias = ndtri(np.clip(share_below, 1 / len(means), 1 - 1 / len(means)))
    tail = stdtrit(freedom, (1 + level) / 2) * (unbiased.sum() / variances.sum()) ** 0.5
    shifted = bias + np.array([-tail, tail])
    shares = ndtr(bias + shifted / np.maximum(1 - acceleration * shifted, 1e-9))
    low, high = np.quantile(means, shares)
    return max(float(estimate - low), 0.0), max(float(high - estimate), 0.0)


def resampled_means(
    strata: Sequence[Floats], rng: np.random.Generator, resamples: int, used: NDArray[np.bool_] | None = None
) -> Floats:
    """Means of the strata's means when problems are resampled within each stratum: [resamples, columns].

    Each stratum is [columns, problems]; where `used`, [strata, columns], is false a stratum is left out of a column's
    sum (not of its denominator). A stratum that no column uses draws no random numbers.
    """
    means = np.zeros((resamples, strata[0].shape[0]))
    for index, values in enumerate(strata):
        here = np.ones(len(values), bool) if used is None else used[index]
        if not here.any():
            continue
        problems = values.shape[1]
        rows = max(1, _CELLS // problems)
        weighted = (values * here[:, None]).T / (problems * len(strata))
        for start in range(0, resamples, rows):
            stop = min(start + rows, resamples)
            means[start:stop] += _multiplicities(rng, stop - start, problems) @ weighted
    return means


def _multiplicities(rng: np.random.Generator, rows: int, problems: int) -> Floats:
    """How often each problem is drawn, [rows, problems], when as many are drawn as there are."""
    drawn = rng.integers(0, problems, (rows, problems))
    drawn += np.arange(rows)[:, None] * problems
    return np.bincount(drawn.ravel(), minlength=rows * problems).reshape(rows, problems).astype(np.float64)


def _unseen_offsets(
    strata: Sequence[Floats], weight: float, level: float, bounds: tuple[float, float]
) -> tuple[float, float]:
    """How far strata without any spread may reach below and above, through problems that were not drawn."""
    unseen = unseen_share(len(strata), min(len(values) for values in strata), level)
    centre = sum(weight * float(values[0]) for values in strata)
    total = weight * len(strata)
    return unseen * (centre - total * bounds[0]), unseen * (total * bounds[1] - centre)
