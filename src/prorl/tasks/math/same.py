"""Whether an answer is the right one, decided by structure and exact numbers, and only then by equivalence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from prorl.tasks.math import numbers
from prorl.tasks.math.chain import agrees
from prorl.tasks.math.guard import admissible
from prorl.tasks.math.structure import Answer, Chain, Group, Matrix, Named, Scalar, Words

Equivalent = Callable[[str, str], bool]
"""Whether two expressions (the right one first) are equivalent; asked only about single admissible expressions."""

_FEW = 10
"""Up to so many items, those of an unordered list may be compared by equivalence."""

_UNORDERED = ("", "{}", "U")
_RELATION = re.compile(r"[<>=]|\\(?:le|ge|ne|lt|gt)(?![A-Za-z])")

_OF_A_BASE = re.compile(r"-?[0-9A-F]+ ?_")
"""Digits with a base, as in `1011_2`."""


def same(gold: Answer, answer: Answer, equivalent: Equivalent) -> bool:
    """Whether `answer` says the same as `gold`: as many items, in the same kind of brackets, each of them the same.

    An answer that gives more than was asked for is another answer.
    """
    if isinstance(answer, Chain):
        return _same_as_last(gold, answer.sides, equivalent)
    if isinstance(gold, Chain):
        return same(gold.sides[-1], answer, equivalent)
    if isinstance(gold, Named) or isinstance(answer, Named):
        return _same_named(gold, answer, equivalent)
    if isinstance(gold, Words) or isinstance(answer, Words):
        return _words(gold) == _words(answer) is not None
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return _same_matrix(gold, answer, equivalent)
    if isinstance(gold, Group) or isinstance(answer, Group):
        return _same_group(gold, answer, equivalent)
    return _same_scalar(gold, answer, equivalent)


def _same_as_last(gold: Answer, sides: Sequence[Answer], equivalent: Equivalent) -> bool:
    """Whether the last of several sides is the right answer, and those before it, which lead there, agree with it."""
    *before, last = sides
    return same(gold, last, equivalent) and all(
        agrees(side, last, equivalent)
        if isinstance(side, Scalar) and isinstance(last, Scalar)
        else same(last, side, equivalent)
        for side in before
    )


def _same_named(gold: Answer, answer: Answer, equivalent: Equivalent) -> bool:
    if isinstance(gold, Named) and isinstance(answer, Named):
        known = [name for name in (gold.name, answer.name) if not name.startswith("\\text")]
        return len(set(known)) <= 1 and same(gold.value, answer.value, equivalent)
    if isinstance(gold, Named):
        if isinstance(answer, Scalar) and _RELATION.search(answer.text):
            return admissible(answer.text, gold.text, False) and equivalent(gold.text, answer.text)
        return same(gold.value, answer, equivalent)
    assert isinstance(answer, Named)
    if isinstance(gold, Scalar) and _RELATION.search(gold.text):
        return admissible(answer.text, gold.text, False) and equivalent(gold.text, answer.text)
    return same(gold, answer.value, equivalent)


def _words(answer: Answer) -> str | None:
    if isinstance(answer, Words):
        return answer.text
    return answer.text.lower() if isinstance(answer, Scalar) and "\\" not in answer.text else None


def _same_matrix(gold: Answer, answer: Answer, equivalent: Equivalent) -> bool:
    one, other = _rows(gold), _rows(answer)
    if one is None or other is None or [len(row) for row in one] != [len(row) for row in other]:
        return False
    pairs = [pair for rows in zip(one, other, strict=True) for pair in zip(*rows, strict=True)]
    return all(same(*pair, equivalent) for pair in pairs)


def _rows(answer: Answer) -> Sequence[Sequence[Answer]] | None:
    """The rows of a matrix; a tuple is a column."""
    if isinstance(answer, Group) and answer.brackets == "()":
        return [[item] for item in answer.items]
    return answer.rows if isinstance(answer, Matrix) else None


def _same_group(gold: Answer, answer: Answer, equivalent: Equivalent) -> bool:
    if not isinstance(gold, Group) or not isinstance(answer, Group):
        group, other, gold_first = (gold, answer, True) if isinstance(gold, Group) else (answer, gold, False)
        assert isinstance(group, Group)
        if group.brackets not in ("", "{}") or len(group.items) != 1:
            return False
        return same(group.items[0], other, equivalent) if gold_first else same(other, group.items[0], equivalent)
    if gold.brackets in _UNORDERED:
        kinds = {gold.brackets, answer.brackets}
        if kinds <= {"", "{}"} or kinds == {"U"}:
            return _same_unordered(gold.items, answer.items, equivalent)
        return kinds == {"", "()"} and _same_ordered(gold.items, answer.items, equivalent)
    return gold.brackets == answer.brackets and _same_ordered(gold.items, answer.items, equivalent)


def _same_ordered(gold: Sequence[Answer], answer: Sequence[Answer], equivalent: Equivalent) -> bool:
    return len(gold) == len(answer) and all(
        same(one, other, equivalent) for one, other in zip(gold, answer, strict=True)
    )


def _same_unordered(gold: Sequence[Answer], answer: Sequence[Answer], equivalent: Equivalent) -> bool:
    names = {item.name for item in gold if isinstance(item, Named)}
    if len(names) > 1 and not all(isinstance(item, Named) for item in answer):
        return _same_ordered(gold, answer, equivalent)
    wanted, given = list(dict.fromkeys(gold)), list(dict.fromkeys(answer))
    if len(wanted) != len(given):
        return False
    compare = partial(same, equivalent=equivalent if len(wanted) <= _FEW else lambda one, other: one == other)
    for item in wanted:
        match = next((other for other in given if compare(item, other)), None)
        if match is None:
            return False
        given.remove(match)
    return True


def _same_scalar(gold: Scalar, answer: Scalar, equivalent: Equivalent) -> bool:
    if gold.unit and answer.unit and gold.unit != answer.unit:
        return False
    if gold.number is not None and answer.number is not None:
        return numbers.equal(gold.number, answer.number)
    if _bare(gold.text) == _bare(answer.text):
        return True
    if _OF_A_BASE.match(gold.text) or _OF_A_BASE.match(answer.text):
        return _bare(gold.text).partition("_")[0] == _bare(answer.text)
    rational = gold.number is not None
    return admissible(answer.text, gold.text, rational) and equivalent(gold.text, answer.text)


def _bare(text: str) -> str:
    """Without spaces, signs of multiplication between letters, and braces around single characters."""
    text = re.sub(r"\\cdot(?![A-Za-z])|\*", "", text).replace(" ", "")
    return re.sub(r"\{(.)\}", r"\1", text.replace(r"+\infty", r"\infty"))
