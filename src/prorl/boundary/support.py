"""Which problems are within reach of which model: the solvable sets, and measures of how the reach changed.

A problem is within a model's reach when at least one of its n samples solved it. Sources: the table of sets is
Yue et al. (arXiv 2504.13837); SRR, NDR, SDS, NSCR and the bound on what n failures mean are Wu et al. (arXiv
2507.14843); expansion, shrinkage, preservation and consolidation are MATH-Beyond (arXiv 2510.11653).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import Floats
from prorl.boundary.intervals import Interval
from prorl.boundary.paired import STRICT, Paired, random_numbers
from prorl.boundary.plain import Plain
from prorl.errors import UserError

_DRAWS = 20_000


def escape_bound(samples: int, zeta: float = 0.05) -> float:
    """ε(k, ζ) = −ln(ζ)/k: with confidence 1 − ζ, a problem that `samples` samples all failed has at most this rate."""
    if samples < 1 or not 0 < zeta < 1:
        raise ValueError(f"the bound needs samples >= 1 and 0 < zeta < 1, not {samples} and {zeta}")
    return min(1.0, -math.log(zeta) / samples)


def measures(both: float, base_only: float, tuned_only: float, neither: float) -> dict[str, float | None]:
    """The measures of four counts; None where a denominator is 0.

    With P = both, S = base only, E = tuned only and N all problems: SRR = P/(P+S), NDR = E/(P+E), SDS their harmonic
    mean, NSCR = (E−S)/(P+E+S), expansion = E/N, shrinkage = S/N, preservation = P/N.
    """
    values = _measures(np.array([[both, base_only, tuned_only, neither]], np.float64))
    return {name: None if np.isnan(value[0]) else float(value[0]) for name, value in values.items()}


def _measures(counts: Floats) -> Mapping[str, Floats]:
    """`measures` of many tables, [tables, 4]; NaN where a denominator is 0."""
    p, s, e, _ = counts.T
    total = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "srr": p / (p + s),
            "ndr": e / (p + e),
            "sds": np.where(p + s + e > 0, 2 * p * e / np.where(p > 0, p**2 + 2 * p * e + e * s, 1), np.nan),
            "nscr": (e - s) / (p + e + s),
            "expansion": e / total,
            "shrinkage": s / total,
            "preservation": p / total,
        }


@dataclass(frozen=True, slots=True)
class Support(Plain):
    """Solvable sets of base and tuned on one task, or overall (all problems together), and their measures."""

    base: str
    tuned: str
    task: str
    extraction: str
    samples: int
    """Samples of each model for each problem; where problems differ, the fewest."""
    epsilon: float
    """Rate that a problem out of reach may still have (`escape_bound` at `samples`)."""
    both: tuple[tuple[str, str], ...]
    """(task, problem) of every problem of the set, and so for the others."""
    base_only: tuple[tuple[str, str], ...]
    tuned_only: tuple[tuple[str, str], ...]
    neither: tuple[tuple[str, str], ...]
    measures: dict[str, Interval | None]
    """By name; None where the measure has no value."""
    consolidation: float | None
    """Mean pass@1 of the tuned model on the problems that both reach: how surely it solves what it kept."""

    @property
    def counts(self) -> dict[str, int]:
        """Number of problems in each set."""
        names = ("both", "base_only", "tuned_only", "neither")
        return {name: len(getattr(self, name)) for name in names}

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("counts",)


def support(
    paired: Paired, tuned: str, name: str, *, extraction: str = STRICT, seed: int = 0, level: float = 0.95,
    zeta: float = 0.05,
) -> Support:  # fmt: skip
    """Solvable sets of the base and a tuned model. Raises UserError unless both have equally many samples of a problem:
    who is asked more often reaches more."""
    base, other = paired.joined(paired.base, name), paired.joined(tuned, name)
    ids = paired.ids(name)
    if np.any(base.n != other.n):
        at = int(np.flatnonzero(base.n != other.n)[0])
        raise UserError(
            f"problem {ids[at][1]} of {ids[at][0]} has {base.n[at]} samples of {paired.base} and {other.n[at]} of "
            f"{tuned}; sets of solvable problems need equal numbers: sample more, or compare fewer"
        )
    by_base, by_tuned = base.successes(extraction) > 0, other.successes(extraction) > 0
    sets = [by_base & by_tuned, by_base & ~by_tuned, ~by_base & by_tuned, ~by_base & ~by_tuned]
    numbers = [int(chosen.sum()) for chosen in sets]
    rates = other.successes(extraction)[sets[0]] / other.n[sets[0]]
    fewest = int(base.n.min())
    both, base_only, tuned_only, neither = (tuple(ids[at] for at in np.flatnonzero(chosen)) for chosen in sets)
    return Support(
        base=paired.base,
        tuned=tuned,
        task=name,
        extraction=extraction,
        samples=fewest,
        epsilon=escape_bound(fewest, zeta),
        both=both,
        base_only=base_only,
        tuned_only=tuned_only,
        neither=neither,
        measures=measure_intervals(numbers, random_numbers(seed, name), level),
        consolidation=float(rates.mean()) if len(rates) else None,
    )


def measure_intervals(
    counts: list[int], rng: np.random.Generator, level: float = 0.95, draws: int = _DRAWS
) -> dict[str, Interval | None]:
    """Each measure of [both, base only, tuned only, neither] with its interval over problems.

    The four counts are multinomial. Resampling them would claim certainty where a set is empty, so the interval
    takes the quantiles of the shares' distribution under Jeffreys' prior (Dirichlet with 1/2 added to each count).
    """
    drawn = _measures(rng.dirichlet(np.asarray(counts) + 0.5, draws))
    found: dict[str, Interval | None] = {}
    for name, value in measures(*counts).items():
        low, high = np.quantile(drawn[name], [(1 - level) / 2, (1 + level) / 2])
        found[name] = None if value is None else Interval(value, min(float(low), value), max(float(high), value))
    return found
