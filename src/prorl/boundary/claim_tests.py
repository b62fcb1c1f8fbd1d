"""Tests of one problem's claim: that the tuned model solves it where the base doesn't, and that it doesn't guess."""

from __future__ import annotations

from functools import cache

import numpy as np

from prorl.boundary.estimators import Floats

_GRID = 400


@cache
def escape_p(successes: int, tuned_samples: int, base_samples: int) -> float:
    """p-value of "tuned and base solve it at the same rate", when `base_samples` samples of the base all failed.

    The claim is made when the base never succeeds and the tuned model does at least `successes` times. At equal rate p
    that happens with (1−p)^base_samples · P(Binomial(tuned_samples, p) >= successes); the p-value is the largest such
    chance over all p. The whole procedure of looking for problems that the base failed is inside of this chance, so
    that choosing them by the same samples costs nothing more.
    """
    from scipy.optimize import minimize_scalar

    if successes < 1:
        return 1.0
    grid = np.log(np.geomspace(1e-3 / (tuned_samples + base_samples), 1.0, _GRID, endpoint=False))
    chances = _log_chance(grid, successes, tuned_samples, base_samples)
    best = int(np.argmax(chances))
    around = grid[max(0, best - 1)], grid[min(_GRID - 1, best + 1)]
    found = minimize_scalar(
        lambda x: -float(_log_chance(np.array([x]), successes, tuned_samples, base_samples)[0]),
        bounds=around, method="bounded", options={"xatol": 1e-6},
    )  # fmt: skip
    return float(np.exp(max(-found.fun, float(chances[best]))))


def _log_chance(log_rates: Floats, successes: int, tuned_samples: int, base_samples: int) -> Floats:
    from scipy.stats import binom

    rates = np.exp(log_rates)
    at_least = binom.logsf(successes - 1, tuned_samples, rates)
    return np.asarray(base_samples * np.log1p(-rates) + at_least)


@cache
def guess_p(
    successes: int, samples: int, rate: float | None, guessed: int | None = None, guesses: int | None = None
) -> float | None:
    """p-value of "the tuned model does no better than guessing"; None where nothing is known of guessing.

    `rate` is the chance of a right guess, known by analysis: a binomial test. `guessed` of `guesses` samples without
    reasoning were right: Fisher's exact test. With both, the larger p-value counts.
    """
    from scipy.stats import binom, hypergeom

    found = []
    if rate is not None:
        found.append(float(binom.sf(successes - 1, samples, rate)))
    if guessed is not None and guesses:
        # Given all successes of both, how many fall to the tuned model.
        found.append(float(hypergeom.sf(successes - 1, samples + guesses, successes + guessed, samples)))
    return max(found, default=None)


def needed_successes(
    alpha: float, tuned_samples: int, base_samples: int, guesses: int | None = None, rate: float | None = None
) -> int | None:
    """The fewest successes of the tuned model for which every p-value is at most alpha; None where all are too few.

    They are `escape_p`, and where guessing is tested `guess_p` with a known `rate` and none of `guesses` right.
    """

    def enough(successes: int) -> bool:
        guessing = guess_p(successes, tuned_samples, rate, 0, guesses)
        return max(escape_p(successes, tuned_samples, base_samples), guessing or 0.0) <= alpha

    low, high = 1, tuned_samples
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def escaped_rate(samples: int, zeta: float = 0.05) -> float:
    """The highest rate that `samples` samples all miss with a chance of ζ: 1 − ζ^(1/samples)."""
    return float(-np.expm1(np.log(zeta) / samples))


def detectable_rate(successes: int, samples: int, power: float = 0.8) -> float:
    """The rate at which at least `successes` of `samples` succeed with a chance of `power`."""
    from scipy.stats import beta

    return float(beta.ppf(power, successes, samples - successes + 1))
