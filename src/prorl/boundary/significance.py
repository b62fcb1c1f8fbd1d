"""Tests of "no difference" on paired problems, and their correction for the number of tasks tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from prorl.boundary.comparison import ALPHA
from prorl.boundary.plain import Plain

Floats = NDArray[np.float64]

EXACT_UP_TO = 12
"""With at most this many non-zero differences all sign patterns are enumerated."""

DRAWS = 20_000
"""Sign patterns that are drawn where there are too many to enumerate."""

FEWEST_DRAWS = 2000
_SIGNS = 40_000_000
"""Signs that are drawn in all: with many differences fewer patterns are drawn, at least `FEWEST_DRAWS`, and as many as
a p-value needs to be evidence after correction."""


def sign_flip_p(strata: Sequence[Floats], rng: np.random.Generator, draws: int = DRAWS, tests: int = 1) -> float:
    """Two-sided p-value of "both models are the same on every problem", by the mean of the strata's means.

    `strata` holds the paired differences, [problems] each. Were the models the same, swapping the two of a problem
    would change nothing, so each difference's sign is flipped at random: a paired permutation test, exact when few
    differences are non-zero, otherwise from `draws` patterns (never below 1 / (draws + 1)), or from more where the
    p-value will be corrected for so many `tests` that it could never be below α. Swapping needs equally many samples of
    both models of a problem; `differences.swappable_differences` sees to it.
    """
    weighted = np.concatenate([values / (len(values) * len(strata)) for values in strata])
    weighted = weighted[weighted != 0]
    observed = abs(weighted.sum()) - 1e-12
    if len(weighted) == 0:
        return 1.0
    if len(weighted) <= EXACT_UP_TO:
        patterns = np.arange(1 << len(weighted))[:, None] >> np.arange(len(weighted)) & 1
        signs = 2.0 * patterns - 1.0
        return float(np.mean(abs(signs @ weighted) >= observed))
    extreme = 0
    draws = max(min(draws, max(FEWEST_DRAWS, _SIGNS // len(weighted))), ceil(2 * tests / ALPHA))
    rows = max(1, 1_000_000 // len(weighted))
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        signs = rng.integers(0, 2, (count, len(weighted)), dtype=np.int8) * 2.0 - 1.0
        extreme += int(np.sum(abs(signs @ weighted) >= observed))
    return (extreme + 1) / (draws + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number (Holm 1979): all of them below α have family-wise error at most α."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


@dataclass(frozen=True, slots=True)
class PairedT(Plain):
    """Paired t-test over problem instances, as BroRL (arXiv 2510.01180) reports it."""

    mean: float
    """Mean difference over problems, each weighing the same."""
    t: float | None
    """None where no difference varies."""
    problems: int
    p_one_sided: float
    """Of "the second model is no better"."""
    p_two_sided: float


def paired_t(differences: Floats) -> PairedT:
    """Student's paired test of the mean of differences, [problems], of the problems of all tasks taken together.

    It takes the mean as normal, which needs many problems: BroRL has more than 10,000. `sign_flip_p` doesn't need that.
    Raises ValueError for fewer than two problems.
    """
    from scipy.stats import ttest_1samp

    if len(differences) < 2:
        raise ValueError("a paired t-test needs at least two problems")
    mean = float(differences.mean())
    if np.ptp(differences) == 0:
        # Constant differences leave no variance to judge by.
        return PairedT(mean, None, len(differences), 1.0, 1.0)
    greater, either = (ttest_1samp(differences, 0.0, alternative=side) for side in ("greater", "two-sided"))
    return PairedT(mean, float(greater.statistic), len(differences), float(greater.pvalue), float(either.pvalue))
