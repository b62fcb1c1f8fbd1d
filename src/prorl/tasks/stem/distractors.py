"""Four results of one formula, of which any may be the right one.

All four are what the formula gives for inputs drawn in the same way, and which of them is asked for is drawn after
they are chosen. So whatever is known of the formula, the options alone say nothing of which one is right.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

POOL = 24
"""Results to choose from."""

_OFF_BY = (1.25, 1.5, 2.0, 3.14, 4.0, 9.81, 10.0)
"""Factors that come from slips: a factor of two or π, a square, a radius for a diameter, g, a power of ten."""

_APART = 0.2
"""Share of the larger of two options by which they differ at least."""

_WRONG = 3


def one_and_distractors(results: Sequence[float], rng: random.Random) -> list[int] | None:
    """Four places in `results`, of which the first is to be asked for; None if too few results are far apart.

    Around a result drawn at random, they are those nearest to what slips would make of it.
    """
    chosen = [rng.randrange(len(results))]
    free = list(range(len(results)))
    for factor in rng.sample(_OFF_BY, _WRONG):
        free = [place for place in free if _apart(results[place], results[chosen[-1]])]
        if not free:
            return None
        slip = results[chosen[0]] * rng.choice((factor, 1 / factor))
        chosen.append(min(free, key=lambda place: abs(results[place] - slip)))
    rng.shuffle(chosen)
    return chosen


def _apart(one: float, other: float) -> bool:
    return abs(one - other) > _APART * max(abs(one), abs(other))
