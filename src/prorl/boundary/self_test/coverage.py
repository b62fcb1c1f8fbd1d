"""Do 95 % intervals hold the truth 95 times in 100? Problems and samples are drawn anew each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prorl.boundary.estimators import Floats, pass_at_ks
from prorl.boundary.intervals import mean_intervals, unseen_share
from prorl.boundary.self_test.lines import Line, at_least
from prorl.boundary.support import measure_intervals, measures

LOW, HIGH = 0.93, 0.97
SKEWED_LOW = 0.90
"""What is still expected where a few problems carry a whole task's mean; intervals are somewhat narrow then."""
K, SAMPLES = 128, 256

Drawer = Callable[[np.random.Generator, int], tuple[Floats, Floats]]
"""True rates of base and tuned, [problems], of problems drawn from a task."""


def coverage(repetitions: int, seed: int) -> list[Line]:
    """Coverage of pass@1, pass@128 and their paired differences, for a task, a suite, and measures of support."""
    rng = np.random.default_rng([seed, 1])
    suites: list[tuple[str, list[Drawer], int, float]] = [
        ("task of 60 problems", [spread], 60, LOW),
        ("8 tasks of 24", [spread, carried] * 4, 24, LOW),
        ("task of 60 that few problems carry", [carried], 60, SKEWED_LOW),
    ]
    lines = []
    for name, tasks, problems, low in suites:
        shares = coverage_of(tasks, problems, repetitions, rng)
        labels = ("pass@1", f"pass@{K}", "Δ pass@1", f"Δ pass@{K}")
        lines += [
            Line(f"95% interval, {name}, {label}: coverage", share, low, HIGH)
            for label, share in zip(labels, shares, strict=True)
        ]
    for name, count in (("task of 24 problems", 1), ("8 tasks of 24", 8)):
        share = coverage_of([agreeing] * count, 24, repetitions // 2, rng, claimed=True)[-1]
        what = f"interval of claims, {name} of which nearly all agree, Δ pass@{K}: coverage"
        lines.append(at_least(what, share, LOW))
    return lines + _of_measures(repetitions, rng)


def spread(rng: np.random.Generator, problems: int) -> tuple[Floats, Floats]:
    """Rates of all sizes; every problem is somewhat learnt. Most are solved within 128 samples."""
    base = rng.beta(0.6, 3.0, problems)
    return base, base + 0.3 * rng.beta(1, 2, problems) * (1 - base)


def carried(rng: np.random.Generator, problems: int) -> tuple[Floats, Floats]:
    """Rates near the edge of what 128 samples find; some problems are learnt, some lost, and few carry the mean."""
    base = rng.beta(0.4, 12.0, problems) * (rng.random(problems) < 0.8)
    changed = rng.random(problems)
    return base, np.where(changed < 0.25, rng.beta(1, 8, problems), np.where(changed > 0.9, 0.0, base))


def agreeing(rng: np.random.Generator, problems: int, share: float = 0.04) -> tuple[Floats, Floats]:
    """Both models solve nearly all problems in 128 samples; the tuned one learnt the few that the base never does."""
    new = rng.random(problems) < share
    return np.where(new, 0.0, 0.05), np.where(new, 0.3, 0.4)


def coverage_of(
    tasks: Sequence[Drawer], problems: int, repetitions: int, rng: np.random.Generator, claimed: bool = False
) -> Floats:
    """Shares of 95 % intervals that hold the truth: of pass@1, pass@128, Δ pass@1 and Δ pass@128.

    `claimed`: of the intervals that claims are read from, which allow for problems that went unseen.
    """
    unseen = unseen_share(len(tasks), problems) if claimed else 0.0
    truth = np.mean([_true_values(*draw(rng, 400_000)).mean(axis=1) for draw in tasks], axis=0)
    hits = np.zeros(len(truth))
    for _ in range(repetitions):
        strata = [_estimates(*draw(rng, problems), rng) for draw in tasks]
        found = [i.with_unseen(unseen) for i in mean_intervals(strata, rng, bounds=(-1.0, 1.0), resamples=1000)]
        hits += [interval.low <= true <= interval.high for interval, true in zip(found, truth, strict=True)]
    return hits / repetitions


def _true_values(base: Floats, tuned: Floats) -> Floats:
    rates = [np.stack([rate, 1 - (1 - rate) ** K]) for rate in (base, tuned)]
    return np.concatenate([rates[0], rates[1] - rates[0]])


def _estimates(base: Floats, tuned: Floats, rng: np.random.Generator) -> Floats:
    n = np.full(len(base), SAMPLES)
    rates = [pass_at_ks(n, rng.binomial(SAMPLES, rate), (1, K)) for rate in (base, tuned)]
    return np.concatenate([rates[0], rates[1] - rates[0]])


def _of_measures(repetitions: int, rng: np.random.Generator) -> list[Line]:
    """Of the multinomial sets of 192 problems. Shares as in published comparisons, with somewhat more expansion."""
    shares = (0.62, 0.09, 0.06, 0.23)
    truth = measures(*shares)
    hits = dict.fromkeys(truth, 0)
    for _ in range(repetitions):
        for name, found in measure_intervals(rng.multinomial(192, shares).tolist(), rng, draws=2000).items():
            true = truth[name]
            hits[name] += found is not None and true is not None and found.low <= true <= found.high
    return [
        Line(f"95% interval, 192 problems, {name.upper()}: coverage", hits[name] / repetitions, LOW, HIGH)
        for name in ("srr", "ndr", "nscr")
    ]
