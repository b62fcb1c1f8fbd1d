"""Tasks so small that a random-init model of two layers learns them in under a minute: for tests of learning.

A question is a word and `>`; the answer is the completion itself, no tags are asked for. Every character of prompts
and answers is in `ALPHABET`, so a tokenizer with one token per character will do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from prorl.errors import UserError
from prorl.tasks.contract import Message, Outcome, Problem, Split, Verdict
from prorl.tasks.names import unknown

PREFIX = "toy/"
SYMBOLS = "abcdefghijklmnop"
ALPHABET = SYMBOLS + ">"
"""All characters of toy prompts and answers."""

RULES: Mapping[str, Callable[[str, str], str]] = {
    "echo": lambda word, symbols: word[-1],
    "successor": lambda word, symbols: symbols[(symbols.index(word[-1]) + 1) % len(symbols)],
    "copy": lambda word, symbols: word,
    "reverse": lambda word, symbols: word[::-1],
}
"""The answer to a word, by task: its last symbol, the symbol after that, the word, the word backwards."""

_UP_TO = {Split.TRAIN: 0.7, Split.VALIDATION: 0.8, Split.TEST: 0.9, Split.EXAMPLES: 1.0}
"""Where in the shuffled words each split ends, as a share of all; it begins where the one before ends."""


class ToyTask:
    """Words of `length` symbols from the first `symbols` of `SYMBOLS`, shuffled once and dealt out to the splits.

    The score is the share of right symbols by position, so `echo` and `successor` are all or nothing with a chance
    level of 1/`symbols`, and `copy` and `reverse` give partial scores.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None = None, worked_examples: int = 0) -> None:
        """Options: `symbols` (2 to 16, default 16), `length` (1 to 4, default 2). Raises UserError."""
        rule = name.removeprefix(PREFIX)
        if rule not in RULES:
            raise unknown(name, names())
        self.name = name
        self._rule = rule
        given = {"symbols": len(SYMBOLS), "length": 2, **(options or {})}
        for option, value in given.items():
            if option not in ("symbols", "length"):
                raise UserError(f"{name}: unknown option {option!r}; valid: length, symbols")
            low, high = {"symbols": (2, len(SYMBOLS)), "length": (1, 4)}[option]
            if type(value) is not int or not low <= value <= high:
                raise UserError(f"{name}: option {option!r} is {value!r}; use a whole number from {low} to {high}")
        self._symbols = SYMBOLS[: given["symbols"]]
        self._length: int = given["length"]
        self._words = self._dealt()
        if any(not words for words in self._words.values()) or worked_examples > len(self._words[Split.EXAMPLES]):
            raise UserError(f"{name}: too few words for all splits; raise symbols or length, or lower worked_examples")
        self._examples = tuple(self.problem(Split.EXAMPLES, index) for index in range(worked_examples))

    def size(self, split: Split) -> int | None:
        """How many words the split was dealt: 70 % of all for training, 10 % for each other split."""
        return len(self._words[split])

    def problem(self, split: Split, index: int) -> Problem:
        """The word at `index` of a split. IndexError past the end."""
        if index < 0:
            raise IndexError(f"{self.name}: index {index} is negative")
        word = self._word(self._words[split][index])
        return Problem.of(self.name, [Message("user", word + ">")], {"answer": RULES[self._rule](word, self._symbols)})

    def examples(self) -> tuple[Problem, ...]:
        """The first words of the examples split."""
        return self._examples

    def prompt(self, problem: Problem) -> tuple[Message, ...]:
        """The worked examples as turns of a conversation, and the word."""
        turns = [
            turn
            for example in self._examples
            for turn in (*example.messages, Message("assistant", self.worked_solution(example)))
        ]
        return (*turns, *problem.messages)

    def judge(self, problem: Problem, text: str) -> Verdict:
        """The share of positions at which answer and stripped completion agree; UNPARSEABLE if that is empty."""
        answer, expected = text.strip(), self.worked_solution(problem)
        if not answer:
            return Verdict(0.0, Outcome.UNPARSEABLE)
        agreeing = sum(given == wanted for given, wanted in zip(answer, expected, strict=False))
        score = agreeing / max(len(answer), len(expected))
        return Verdict(score, Outcome.SOLVED if score >= 1.0 else Outcome.WRONG, score, answer)

    def worked_solution(self, problem: Problem) -> str:
        """The answer."""
        return str(problem.payload["answer"])

    def _word(self, number: int) -> str:
        letters = []
        for _ in range(self._length):
            number, letter = divmod(number, len(self._symbols))
            letters.append(self._symbols[letter])
        return "".join(letters)

    def _dealt(self) -> dict[Split, list[int]]:
        numbers = list(range(len(self._symbols) ** self._length))
        random.Random("toy words").shuffle(numbers)
        bounds = [round(share * len(numbers)) for share in _UP_TO.values()]
        return {split: numbers[begin:end] for split, begin, end in zip(_UP_TO, [0, *bounds[:-1]], bounds, strict=True)}


def names() -> list[str]:
    """Names of all toy tasks, with their prefix, sorted."""
    return sorted(PREFIX + rule for rule in RULES)
