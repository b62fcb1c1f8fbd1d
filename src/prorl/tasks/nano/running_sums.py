"""Running sums: `3852+1290+7731` is added up one number at a time, digit by digit without carrying."""

from __future__ import annotations

import random
from itertools import accumulate

from prorl.tasks.nano.chain import Chain, ChainTask

DIGITS = 4


class RunningSums(ChainTask):
    """Level n adds n + 1 numbers: `3852+1290+7731` → `4042=1773`."""

    symbols = "0-9"

    @property
    def guess_rate(self) -> float:
        """Of all numbers."""
        return 10.0**-DIGITS

    def chain(self, rng: random.Random) -> Chain:
        """Numbers of four digits; the states are the sums so far."""
        numbers = ["".join(rng.choices("0123456789", k=DIGITS)) for _ in range(self.level + 1)]
        return Chain("+".join(numbers), tuple(accumulate(numbers, added))[1:])


def added(one: str, other: str) -> str:
    """Each digit of the sum modulo 10."""
    return "".join(str((int(a) + int(b)) % 10) for a, b in zip(one, other, strict=True))
