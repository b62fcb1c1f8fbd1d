"""Where Reasoning Gym 0.1.25 falls short of the contract of a task, and what we do about it.

Some scorers accept wrong answers, and some generators pick from sets of strings, whose order differs from process to
process unless PYTHONHASHSEED is set: the same seed then asks different questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

DRAWN_AT_START = frozenset({"acre", "gsm_symbolic", "list_functions", "word_ladder"})
"""Data sets that draw or bound all their items when they are made: they are made anew for every block of items."""

UNSTABLE_SOLUTIONS = frozenset({"knight_swap"})
"""Data sets whose solution, one of several right ones, differs from process to process: not fit to be shown."""

Scorer = Callable[[Any, str, dict[str, Any]], float]


class OrderedLetters(tuple[str, ...]):
    """Letters in a fixed order that can be subtracted from like a set."""

    def __sub__(self, other: Iterable[str]) -> OrderedLetters:
        gone = set(other)
        return OrderedLetters(letter for letter in self if letter not in gone)


def mended(name: str, dataset: Any) -> Any:
    """The data set, changed in place so that what it draws depends on its seed alone."""
    mend = _GENERATORS.get(name)
    if mend is not None:
        mend(dataset)
    return dataset


def scorer(name: str) -> Scorer:
    """`score(dataset, answer, entry)` for a data set: the library's own, or ours where that is wrong."""
    return SCORERS.get(name, lambda dataset, answer, entry: float(dataset.score_answer(answer, entry)))


def _order_letters(dataset: Any) -> None:
    dataset.letters = OrderedLetters(sorted(dataset.letters))


def _order_monomials(dataset: Any) -> None:
    unordered = dataset._get_monomials
    dataset._get_monomials = lambda rng: sorted(unordered(rng), key=str)


def _order_neighbors(dataset: Any) -> None:
    unordered = dataset._get_neighbors
    dataset._get_neighbors = lambda word, words: sorted(unordered(word, words))


_GENERATORS: Mapping[str, Callable[[Any], None]] = {
    "isomorphic_strings": _order_letters,
    "ransom_note": _order_letters,
    "polynomial_multiplication": _order_monomials,
    "word_ladder": _order_neighbors,
}


def _same_truth_value(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    return float(answer.strip().lower() == str(entry["answer"]).lower())


def _full_only_if_equal(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    score = float(dataset.score_answer(answer, entry))
    return score if answer.lower() == entry["answer"].lower() else min(score, 0.8)


SCORERS: Mapping[str, Scorer] = {
    "game_of_life_halting": _same_truth_value,
    "spell_backward": _full_only_if_equal,
}
"""Ours. The library's `game_of_life_halting` compares `bool(text)`, so that any answer is right; its `spell_backward`
means to give 0.8 for the word with more letters after it, but for some lengths its sum of shares is rounded past 1."""
