"""Insertion sort: of `<5283` the first two digits are sorted, then the first three, and so on."""

from __future__ import annotations

import random
from math import comb, factorial

from prorl.tasks.nano.chain import Chain, ChainTask


class Sorting(ChainTask):
    """Level n sorts n + 2 different digits: `<5283` → `25,258=2358`.

    There are only ten digits, so the harder levels have few answers: 120 at level 5, 45 at level 6, which is the last.
    """

    symbols = "0-9"
    levels = range(1, 7)

    @property
    def guess_rate(self) -> float:
        """Of all orders of the digits, or, where these are fewer, of all ascending rows of so many digits."""
        digits = self.level + 2
        return 1 / min(factorial(digits), comb(10, digits))

    def chain(self, rng: random.Random) -> Chain:
        """Digits in any order; the states are the sorted beginnings."""
        digits = rng.sample("0123456789", self.level + 2)
        return Chain("<" + "".join(digits), tuple("".join(sorted(digits[:n])) for n in range(2, len(digits) + 1)))
