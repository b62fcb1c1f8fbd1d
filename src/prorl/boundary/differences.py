"""Paired differences of two models: of their estimates, and of numbers that a test may swap.

A paired permutation test asks that swapping the two models of a problem changes nothing where they are the same. With
16 samples of one and 256 of the other it does: both estimates of pass@k are unbiased, but a rate of 0.01 shows as 0 in
most samples of 16 and as 0.01 in those of 256. So the test sees equally many: of the larger sample as many are drawn,
without replacement, as the smaller one has. The estimates and their intervals use all samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prorl.boundary.estimators import Floats, pass_at_ks
from prorl.boundary.paired import STRICT, Ints, Paired, random_numbers


def differences(
    paired: Paired, before: str, after: str, name: str, ks: Sequence[int], extraction: str = STRICT
) -> list[Floats]:
    """after − before of the estimates of pass@k, for every task of a row: each [ks, problems]."""
    rates = (paired.pass_at(model, name, ks, extraction) for model in (after, before))
    return [later - earlier for later, earlier in zip(*rates, strict=True)]


def swappable_differences(
    paired: Paired, before: str, after: str, name: str, ks: Sequence[int], extraction: str = STRICT, *, seed: int = 0
) -> list[Floats]:
    """`differences` from equally many samples of each problem: each [ks, problems].

    Equal to `differences` where the numbers of samples are equal; else what is drawn follows from the seed and the
    names. Raises ValueError for k above the fewest samples.
    """
    rng = random_numbers(seed, name, before, after)
    found = []
    for task in paired.members(name):
        earlier, later = (paired.counts[model][task] for model in (before, after))
        fewer = np.minimum(earlier.n, later.n)
        rates = [
            pass_at_ks(fewer, thinned(counts.n, counts.successes(extraction), fewer, rng), ks)
            for counts in (earlier, later)
        ]
        found.append(rates[1] - rates[0])
    return found


def thinned(n: Ints, c: Ints, kept: Ints, rng: np.random.Generator) -> Ints:
    """Successes among `kept` of n samples with c successes, drawn without replacement: [problems]."""
    return c if np.array_equal(n, kept) else rng.hypergeometric(c, n - c, kept)
