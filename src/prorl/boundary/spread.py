"""How pass@1 is spread over problems, and the bound that its spread puts on pass@k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import pass_at_ks
from prorl.boundary.paired import STRICT, Paired
from prorl.boundary.plain import Plain

BINS = 10


@dataclass(frozen=True, slots=True)
class Spread(Plain):
    """pass@1 by problem for one model on one task, or overall (the mean of the tasks' shares)."""

    model: str
    task: str
    edges: tuple[float, ...]
    """Of the bins between; a rate on an edge counts above it."""
    never: float
    """Share of problems that no sample solved."""
    between: tuple[float, ...]
    """Share of problems in each bin, those never and always solved left out."""
    always: float
    """Share of problems that every sample solved."""
    mean: float
    """Mean of ρ, the rate of a problem."""
    variance: float
    """Variance of ρ without the noise of sampling; an unbiased estimate may be slightly negative."""
    bound: dict[int, float]
    """By k: the upper bound of `dang_bound` on mean pass@k."""


def spread(paired: Paired, model: str, name: str, ks: Sequence[int], extraction: str = STRICT) -> Spread:
    """Histogram, moments and bound. The bound needs two samples of each problem; without them `bound` is empty.

    The histogram is of c/n, in which sampling noise blurs the rates; it is not the spread of ρ itself.
    """
    edges = np.linspace(0.0, 1.0, BINS + 1)
    shares, means, squares = [], [], []
    enough = True
    for task in paired.members(name):
        counts = paired.counts[model][task]
        c, n = counts.successes(extraction), counts.n
        inside = (c > 0) & (c < n)
        between = np.histogram((c / n)[inside], edges)[0]
        shares.append(np.array([np.sum(c == 0), *between, np.sum(c == n)]) / len(n))
        means.append(np.mean(c / n))
        enough = enough and bool(n.min() >= 2)
        squares.append(np.mean(1.0 - pass_at_ks(n, c, (2,))[0]) if enough else np.nan)
    share, mean = np.mean(shares, axis=0), float(np.mean(means))
    # E[(1−ρ)²], unbiased: two samples both fail.
    both_fail = float(np.mean(squares)) if enough else (1.0 - mean) ** 2
    bound = {k: dang_bound(both_fail, k) for k in ks if k >= 2} if enough else {}
    return Spread(
        model=model,
        task=name,
        edges=tuple(float(edge) for edge in edges),
        never=float(share[0]),
        between=tuple(float(value) for value in share[1:-1]),
        always=float(share[-1]),
        mean=mean,
        variance=both_fail - (1.0 - mean) ** 2,
        bound=bound,
    )


def dang_bound(both_fail: float, k: int) -> float:
    """1 − ((1 − E ρ)² + Var ρ)^(k/2): no set of rates with these moments has a higher mean pass@k, k >= 2.

    `both_fail` is (1 − E ρ)² + Var ρ = E (1−ρ)². The bound is Dang et al.'s, as ProRL uses it (arXiv 2505.24864,
    section 4.4), and is Jensen's inequality. It holds for the rates themselves; estimates can pass it by their noise.
    """
    if k < 2:
        raise ValueError(f"the bound holds for k >= 2, not {k}")
    return float(1.0 - both_fail ** (k / 2))
