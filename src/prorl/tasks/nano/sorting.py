"""Insertion sort: of `<5283` the first two digits are sorted, then the first three, and so on."""

from __future__ import annotations

import random
from math import factorial

from prorl.tasks.nano.chain import Chain, ChainTask


class Sorting(ChainTask):
    """Level n sorts n + 2 different digits: `<5283` → `25,258=2358`."""

    symbols = "0-9"

    @property
    def guess_rate(self) -> float:
        """Of all orders of the digits."""
        return 1 / factorial(self.level + 2)

    def chain(self, rng: random.Random) -> Chain:
        """Digits in any order; the states are the sorted beginnings."""
        digits = rng.sample("0123456789", self.level + 2)
        return Chain("<" + "".join(digits), tuple("".join(sorted(digits[:n])) for n in range(2, len(digits) + 1)))
