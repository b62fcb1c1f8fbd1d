"""Where Reasoning Gym 0.1.25 falls short of the contract of a task when it draws problems, and what we do about it.

Some generators pick from sets of strings, whose order differs from process to process unless PYTHONHASHSEED is set: the
same seed then asks different questions. Some scorers `eval` the answer, which is a model's text and may be any program,
and one generator runs programs that came with its data (`reasoning_gym_programs`).
What its scorers get wrong otherwise is mended in `reasoning_gym_scorers`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prorl.tasks.reasoning_gym_programs import input_and_output

DRAWN_AT_START = frozenset({"acre", "gsm_symbolic", "list_functions", "word_ladder"})
"""Data sets that draw or bound all their items when they are made: they are made anew for every block of items."""

UNSTABLE_SOLUTIONS = frozenset({"knight_swap"})
"""Data sets whose solution, one of several right ones, differs from process to process: not fit to be shown."""

EVALUATING = frozenset({"binary_matrix", "n_queens", "spiral_matrix", "string_insertion"})
"""Data sets whose module calls `eval` on answers, to read a list; it gets one that reads literals only."""


class OrderedLetters(tuple[str, ...]):
    """Letters in a fixed order that can be subtracted from like a set."""

    def __sub__(self, other: Iterable[str]) -> OrderedLetters:
        gone = set(other)
        return OrderedLetters(letter for letter in self if letter not in gone)


def mended(name: str, dataset: Any) -> Any:
    """The data set, changed in place so that what it draws depends on its seed alone and no text is run here."""
    mend = _GENERATORS.get(name)
    if mend is not None:
        mend(dataset)
    if name in EVALUATING:
        vars(sys.modules[type(dataset).__module__])["eval"] = ast.literal_eval
    return dataset


def _order_letters(dataset: Any) -> None:
    dataset.letters = OrderedLetters(sorted(dataset.letters))


def _order_monomials(dataset: Any) -> None:
    unordered = dataset._get_monomials
    dataset._get_monomials = lambda rng: sorted(unordered(rng), key=str)


def _order_neighbors(dataset: Any) -> None:
    unordered = dataset._get_neighbors
    dataset._get_neighbors = lambda word, words: sorted(unordered(word, words))


def _lock_programs_in(dataset: Any) -> None:
    dataset._generate_io_pair = input_and_output


_GENERATORS: Mapping[str, Callable[[Any], None]] = {
    "codeio": _lock_programs_in,
    "isomorphic_strings": _order_letters,
    "ransom_note": _order_letters,
    "polynomial_multiplication": _order_monomials,
    "word_ladder": _order_neighbors,
}
