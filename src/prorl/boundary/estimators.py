"""Unbiased estimates of pass@k: the chance that at least one of k fresh samples of a problem is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BOUNDARY_K = 128
"""The k at which ProRL (arXiv 2505.24864, section 4) reads off the reasoning boundary."""

_CELLS = 4_000_000
"""Factors held in memory at once."""


def pass_at_k(samples: ArrayLike, successes: ArrayLike, k: int) -> Floats:
    """Per problem, 1 − C(n−c, k) / C(n, k): [problems]. See `pass_at_ks`."""
    return np.asarray(pass_at_ks(samples, successes, (k,))[0])


def pass_at_ks(samples: ArrayLike, successes: ArrayLike, ks: Sequence[int]) -> Floats:
    """Per k and problem, 1 − C(n−c, k) / C(n, k): [ks, problems] (Chen et al. 2021, equation 1).

    `samples` (n) and `successes` (c) are counts by problem, [problems]; n may differ between problems. The ratio of
    binomials is the product over i < k of 1 − c / (n−i), of which a curve needs every start: the logarithms of the
    factors are summed once, which neither overflows nor cancels, also at n = 16,384 and c = 1. Problems with equal
    counts are worked out once. Raises ValueError when some n < k: nothing unbiased can be said then.
    """
    n, c = np.broadcast_arrays(np.asarray(samples, np.int64), np.asarray(successes, np.int64))
    _check(n, c, ks)
    if not n.size:
        return np.zeros((len(ks), 0))
    pairs, place = np.unique(np.stack([n, c]), axis=1, return_inverse=True)
    rows = max(1, _CELLS // max(ks))
    parts = [_of_pairs(pairs[:, at : at + rows], ks) for at in range(0, pairs.shape[1], rows)]
    return np.concatenate(parts, axis=1)[:, place.ravel()]


def _of_pairs(pairs: NDArray[np.int64], ks: Sequence[int]) -> Floats:
    """`pass_at_ks` for different (n, c), [2, pairs]."""
    n, c = pairs[0].astype(np.float64), pairs[1].astype(np.float64)
    drawn = np.arange(max(ks), dtype=np.float64)
    with np.errstate(divide="ignore"):
        # A factor of 0 is a draw that must be a success; what lies behind it no longer matters.
        factors = np.log1p(np.maximum(-c[:, None] / (n[:, None] - drawn), -1.0))
    logarithm = np.cumsum(factors, axis=1).T
    values = np.stack([c / n if k == 1 else -np.expm1(logarithm[k - 1]) for k in ks])
    return np.asarray(values + 0.0)  # no negative zeros


def _check(n: NDArray[np.int64], c: NDArray[np.int64], ks: Sequence[int]) -> None:
    if not ks or min(ks) < 1:
        raise ValueError(f"pass@k needs k >= 1, not {min(ks, default=None)}")
    if np.any(c < 0) or np.any(c > n):
        raise ValueError("successes must lie between 0 and the number of samples")
    if np.any(n < max(ks)):
        raise ValueError(f"pass@{max(ks)} needs at least {max(ks)} samples of every problem; one has {int(n.min())}")


def noise_of_pass_at_k(samples: ArrayLike, successes: ArrayLike, k: int) -> Floats:
    """Per problem, an unbiased estimate of the variance that sampling gives to the estimate of pass@k: [problems].

    With f_k = C(n−c, k) / C(n, k), the square of the true chance that all k fail has the unbiased estimate f_2k. So the
    variance of f_k, which is that of pass@k, is f_k² − f_2k. Single values can be negative; their mean is meant.
    Raises ValueError unless every n is at least 2k.
    """
    some, twice = 1.0 - pass_at_ks(samples, successes, (k, 2 * k))
    return np.asarray(some**2 - twice)


def k_grid(samples: int) -> tuple[int, ...]:
    """The k at which a curve over `samples` samples is drawn: 1, 2, 4, ... and `samples` itself."""
    if samples < 1:
        raise ValueError(f"a curve needs at least one sample, not {samples}")
    powers = [1 << i for i in range(samples.bit_length()) if 1 << i < samples]
    return (*powers, samples)


def boundary_k(samples: int) -> int:
    """The k of the reasoning boundary: 128 as in the paper, or all samples where there are fewer."""
    return min(BOUNDARY_K, samples)
