"""Transformations of a word, one after another: `RLS:fdbeca` is reversed, rotated, and its neighbours are swapped."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import accumulate
from math import factorial

from prorl.tasks.nano.chain import Chain, ChainTask

LENGTH = 6


class Strings(ChainTask):
    """Level n makes n transformations, f(g(x)) written out: `RL:fdbeca` → `acebdf=cebdfa`."""

    symbols = "a-j"
    alphabet = "abcdefghij"

    @property
    def guess_rate(self) -> float:
        """Of all orders of the right symbols."""
        return 1 / factorial(LENGTH)

    def chain(self, rng: random.Random) -> Chain:
        """A word of different symbols, and transformations of which no two neighbours are the same."""
        word = "".join(rng.sample(self.alphabet, LENGTH))
        program = ""
        while len(program) < self.level:
            program += rng.choice([name for name in RULES if not program.endswith(name)])
        states = accumulate(program, lambda state, name: RULES[name](state, self.alphabet), initial=word)
        return Chain(f"{program}:{word}", tuple(states)[1:])


def _swapped(word: str) -> str:
    return "".join(word[place + 1] + word[place] for place in range(0, len(word), 2))


RULES: Mapping[str, Callable[[str, str], str]] = {
    "R": lambda word, alphabet: word[::-1],
    "L": lambda word, alphabet: word[1:] + word[0],
    "S": lambda word, alphabet: _swapped(word),
    "H": lambda word, alphabet: word[LENGTH // 2 :] + word[: LENGTH // 2],
    "U": lambda word, alphabet: "".join(alphabet[(alphabet.index(symbol) + 1) % len(alphabet)] for symbol in word),
}
"""Reverse; rotate left; swap neighbours; swap the halves; each symbol up by one in the alphabet, the last to the
first."""
