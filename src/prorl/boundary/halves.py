"""Two halves of the samples: competence from one, gain over the other.

Sample i of a problem is drawn from the same random numbers by every model, so the luck of two models is not
independent: models that are much alike draw many samples alike. Halves by number keep coupled samples together, even
numbers in one and odd ones in the other, of base and tuned model. The two halves have no luck in common.

Where counts alone are known there are no numbers to go by. Then the base's successes are dealt to two halves at random,
and the gain takes the tuned model's whole sample; that is right only for samples that were drawn independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prorl.boundary.estimators import Floats, pass_at_ks
from prorl.boundary.paired import Ints, Paired

BY_NUMBER, BY_CHANCE = "by number", "by chance"
_Successes = tuple[Ints, Ints]
"""n and c of a task, [problems] each."""


@dataclass(frozen=True, slots=True)
class Split:
    """The base's pass@k from one half, and the gain over the other: [units]."""

    competence: Floats
    gain: Floats


def can_go_by_number(paired: Paired, tuned: str, k: int) -> bool:
    """Whether both models have at least k even and k odd samples of every problem."""
    return all(
        counts.n_even is not None and min(int(counts.n_even.min()), int((counts.n - counts.n_even).min())) >= k
        for model in (paired.base, tuned)
        for counts in paired.counts[model].values()
    )


def by_number(paired: Paired, tuned: str, unit: str, k: int) -> tuple[Split, Split]:
    """Both ways of taking even and odd samples. Raises ValueError where there aren't k of each (`can_go_by_number`)."""
    if not can_go_by_number(paired, tuned, k):
        raise ValueError(f"halves by number need {k} even and {k} odd samples of every problem")
    even, odd = True, False
    base = {half: _rates(_numbered(paired, paired.base, half), unit, k) for half in (even, odd)}
    after = {half: _rates(_numbered(paired, tuned, half), unit, k) for half in (even, odd)}
    return Split(base[even], after[odd] - base[odd]), Split(base[odd], after[even] - base[even])


def by_chance(paired: Paired, tuned: str, unit: str, k: int, rng: np.random.Generator) -> Split:
    """The base's successes dealt to two halves at random; the tuned model's samples whole."""
    halves: tuple[list[_Successes], list[_Successes]] = ([], [])
    for counts in paired.counts[paired.base].values():
        half = counts.n // 2
        in_first = rng.hypergeometric(counts.c, counts.n - counts.c, half)
        halves[0].append((half, in_first))
        halves[1].append((counts.n - half, counts.c - in_first))
    after = _rates([(counts.n, counts.c) for counts in paired.counts[tuned].values()], unit, k)
    return Split(_rates(halves[0], unit, k), after - _rates(halves[1], unit, k))


def _numbered(paired: Paired, model: str, even: bool) -> list[_Successes]:
    """The even samples of every task, or the odd ones."""
    found = []
    for counts in paired.counts[model].values():
        assert counts.n_even is not None
        assert counts.c_even is not None
        half = counts.n_even, counts.c_even
        found.append(half if even else (counts.n - half[0], counts.c - half[1]))
    return found


def _rates(tasks: list[_Successes], unit: str, k: int) -> Floats:
    """pass@k of every problem, or their means by task: [units]."""
    found = [pass_at_ks(n, c, (k,))[0] for n, c in tasks]
    return np.array([rates.mean() for rates in found]) if unit == "task" else np.concatenate(found)
