"""Tests of "no difference" on paired problems, and their correction for the number of tasks tested."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT_UP_TO = 12
"""With at most this many non-zero differences all sign patterns are enumerated."""


def sign_flip_p(strata: Sequence[Floats], rng: np.random.Generator, draws: int = 20_000) -> float:
    """Two-sided p-value of "both models are the same on every problem", by the mean of the strata's means.

    `strata` holds the paired differences, [problems] each. Were the models the same, swapping the two of a problem
    would change nothing, so each difference's sign is flipped at random: a paired permutation test, exact when few
    differences are non-zero, otherwise from `draws` patterns (never below 1 / (draws + 1)).
    """
    weighted = np.concatenate([values / (len(values) * len(strata)) for values in strata])
    weighted = weighted[weighted != 0]
    observed = abs(weighted.sum()) - 1e-12
    if len(weighted) == 0:
        return 1.0
    if len(weighted) <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(weighted))))
        return float(np.mean(abs(signs @ weighted) >= observed))
    extreme = 0
    rows = max(1, 4_000_000 // len(weighted))
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        signs = rng.integers(0, 2, (count, len(weighted))) * 2.0 - 1.0
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
