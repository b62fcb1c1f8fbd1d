"""Running sums: `3852+1230+3021` is added up one number at a time, digit by digit without carrying."""

from __future__ import annotations

import random
from itertools import accumulate

from prorl.tasks.nano.chain import Chain, ChainTask

DIGITS = 4
SMALL = "0123"
"""Digits of all numbers but the first. With any digits one operand alone would say nothing of a sum modulo 10, and two
things would have to be learnt before the first of them helps."""


class RunningSums(ChainTask):
    """Level n adds n numbers of small digits to a first one: `3852+1230+3021` → `4082=7003`."""

    symbols = "0-9"

    @property
    def guess_rate(self) -> float:
        """Of all numbers."""
        return 10.0**-DIGITS

    def chain(self, rng: random.Random) -> Chain:
        """Numbers of four digits; the states are the sums so far."""
        first = "".join(rng.choices("0123456789", k=DIGITS))
        numbers = [first, *("".join(rng.choices(SMALL, k=DIGITS)) for _ in range(self.level))]
        return Chain("+".join(numbers), tuple(accumulate(numbers, added))[1:])


def added(one: str, other: str) -> str:
    """Each digit of the sum modulo 10."""
    return "".join(str((int(a) + int(b)) % 10) for a, b in zip(one, other, strict=True))
