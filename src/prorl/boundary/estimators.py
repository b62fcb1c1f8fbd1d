"""Unbiased estimates of pass@k: the chance that at least one of k fresh samples of a problem is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def pass_at_k(samples: ArrayLike, successes: ArrayLike, k: int) -> Floats:
    """Per problem, 1 − C(n−c, k) / C(n, k): [problems].

    `samples` (n) and `successes` (c) are counts by problem, [problems]; n may differ between problems. The ratio of
    binomials is taken as the product over i < k of (n−c−i) / (n−i), which neither overflows nor cancels
    (Chen et al. 2021, equation 1). Raises ValueError when some n < k: nothing unbiased can be said then.
    """
    n = np.asarray(samples, dtype=np.float64)
    c = np.asarray(successes, dtype=np.float64)
    if k < 1:
        raise ValueError(f"pass@k needs k >= 1, not {k}")
    if np.any(c < 0) or np.any(c > n):
        raise ValueError("successes must lie between 0 and the number of samples")
    if np.any(n < k):
        raise ValueError(f"pass@{k} needs at least {k} samples of every problem; one has {int(n.min())}")
    if k == 1:
        return np.asarray(c / n)
    all_fail = np.ones(np.broadcast(n, c).shape)
    for i in range(k):
        all_fail *= np.maximum(n - c - i, 0.0) / (n - i)
    return 1.0 - all_fail


def k_grid(samples: int) -> tuple[int, ...]:
    """The k at which a curve over `samples` samples is drawn: 1, 2, 4, ... and `samples` itself."""
    if samples < 1:
        raise ValueError(f"a curve needs at least one sample, not {samples}")
    powers = [1 << i for i in range(samples.bit_length()) if 1 << i < samples]
    return (*powers, samples)
