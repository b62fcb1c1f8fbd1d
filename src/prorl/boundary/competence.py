"""Base competence against gain: is it the weak tasks that gain, or does it only look so?

ProRL reports that gains correlate negatively with the base's pass@128 (arXiv 2505.24864, section 4.1). Computed on one
base sample this is negative by itself: the base's sampling error enters the competence with plus and the gain with
minus. Two estimates are free of this, and stand beside the naive one:

- Split sample: competence from one half of the base's samples, gain over the other half of both models' samples. The
  halves' errors are independent, so under "nobody gained" the correlation is 0 (errors still dilute it). The halves go
  by the samples' numbers, since models share their random numbers by number (`boundary.halves`); mean of both ways.
- Errors in variables: the variance that sampling adds to the competence is estimated (`noise_of_pass_at_k`) and taken
  out; its covariance with the gain, and the gain's variance, are those between the halves, which have no common error.

Of counts alone the halves are dealt at random, over many splits, and the noise of both models is taken as independent:
its variance is taken out of that of the competence, and its negative out of the covariance. `halves` says which it was.

What neither takes out is the ceiling: who solves everything can't gain.

Intervals are percentiles over resampled units, widened for few of these (Student's t with units − 2 degrees of
freedom, for a line has two parameters; Hesterberg 2015, "expanded percentile").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prorl.boundary import halves
from prorl.boundary.correlation import Moments, bootstrap, spearman
from prorl.boundary.estimators import Floats, noise_of_pass_at_k, pass_at_ks
from prorl.boundary.intervals import Interval
from prorl.boundary.paired import Paired, random_numbers
from prorl.boundary.plain import Plain

SPLITS = 20
FEWEST_UNITS = 12
"""Below this many units no correlation is computed."""
FEWEST_RESAMPLES = 200
_DRAWS = 2_000_000
"""Units that are drawn in all: with many units there are fewer resamples, at least `FEWEST_RESAMPLES`."""


@dataclass(frozen=True, slots=True)
class Competence(Plain):
    """Correlation of base pass@k with its gain, and slope of the gain on it, with intervals over units; None where
    there is no value."""

    base: str
    tuned: str
    unit: str
    """What is correlated: "problem" or "task"."""
    units: int
    k: int
    naive_pearson: Interval | None
    naive_spearman: Interval | None
    naive_slope: Interval | None
    split_pearson: Interval | None
    split_spearman: Interval | None
    corrected_slope: Interval | None
    """Errors in variables."""
    corrected_pearson: Interval | None
    """Errors in variables; None where the true gains may well not vary at all."""
    noise_share: float
    """Share of the base competence's variance that is sampling noise."""
    halves: str
    """`by number`, or `by chance` from counts alone: right only if the models' samples are independent."""


def competence(
    paired: Paired, tuned: str, unit: str, k: int, *, seed: int = 0, level: float = 0.95, resamples: int = 1000,
    splits: int = SPLITS,
) -> Competence:  # fmt: skip
    """Correlate over tasks or over problems. Raises ValueError unless every problem of both has 2k samples: a half of
    the samples must allow for pass@k, and so does the noise. `splits` are made of counts alone; by number there are
    two."""
    if unit not in ("task", "problem"):
        raise ValueError(f"units are task or problem, not {unit}")
    rng = random_numbers(seed, unit)
    whole = _units(paired, tuned, unit, k)
    numbered = halves.can_go_by_number(paired, tuned, k)
    found = (
        halves.by_number(paired, tuned, unit, k)
        if numbered
        else [halves.by_chance(paired, tuned, unit, k, rng) for _ in range(splits)]
    )
    count = len(whole.base)
    weights = bootstrap(rng, min(resamples, max(FEWEST_RESAMPLES, _DRAWS // count)), count)

    def interval(values: Floats) -> Interval | None:
        return _interval(values, count, level) if count >= FEWEST_UNITS else None

    gain = whole.tuned - whole.base
    naive = Moments.of(weights, whole.base, gain)
    split = [Moments.of(weights, half.competence, half.gain) for half in found]
    split_ranks = [spearman(weights, half.competence, half.gain) for half in found]
    if numbered:
        one, other = (half.gain for half in found)
        between = Moments.of(weights, one, other).xy
        clean = naive.between_halves(weights, whole.base_noise, between, np.mean([half.xy for half in split], axis=0))
    else:
        clean = naive.without(weights, whole.base_noise, whole.tuned_noise)
    variance = float(np.var(whole.base))
    return Competence(
        base=paired.base,
        tuned=tuned,
        unit=unit,
        units=count,
        k=k,
        naive_pearson=interval(naive.pearson),
        naive_spearman=interval(spearman(weights, whole.base, gain)),
        naive_slope=interval(naive.slope),
        split_pearson=interval(np.mean([moments.pearson for moments in split], axis=0)),
        split_spearman=interval(np.mean(split_ranks, axis=0)),
        corrected_slope=interval(clean.slope),
        corrected_pearson=interval(clean.pearson),
        noise_share=float(whole.base_noise.mean()) / variance if variance > 0 else 0.0,
        halves=halves.BY_NUMBER if numbered else halves.BY_CHANCE,
    )


@dataclass(frozen=True, slots=True)
class _Units:
    """pass@k and the variance of its sampling noise, [units], of both models."""

    base: Floats
    tuned: Floats
    base_noise: Floats
    tuned_noise: Floats


def _units(paired: Paired, tuned: str, unit: str, k: int) -> _Units:
    values = []
    for model in (paired.base, tuned):
        tasks = [paired.counts[model][task] for task in paired.tasks]
        rates = [pass_at_ks(counts.n, counts.c, (k,))[0] for counts in tasks]
        noise = [noise_of_pass_at_k(counts.n, counts.c, k) for counts in tasks]
        if unit == "task":
            values += [np.array([rate.mean() for rate in rates]), np.array([n.mean() / len(n) for n in noise])]
        else:
            values += [np.concatenate(rates), np.concatenate(noise)]
    return _Units(values[0], values[2], values[1], values[3])


def _interval(values: Floats, units: int, level: float) -> Interval | None:
    """The first value is the estimate, the others are resampled. None where too many of them have no value."""
    from scipy.special import ndtr, stdtrit

    finite = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or len(finite) < 0.95 * (len(values) - 1):
        return None
    tail = stdtrit(units - 2, (1 + level) / 2) * (units / (units - 2)) ** 0.5
    low, high = np.quantile(finite, ndtr(np.array([-tail, tail])))
    return Interval(float(values[0]), min(float(low), float(values[0])), max(float(high), float(values[0])))
