"""Whether an answer is the right one, decided by structure and exact numbers, and only then by equivalence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from operator import eq

from prorl.tasks.math.chain import agrees
from prorl.tasks.math.guard import admissible
from prorl.tasks.math.question import Asked
from prorl.tasks.math.single import Equivalent, Rules, may_follow, same_scalar
from prorl.tasks.math.structure import Answer, Chain, Group, Matrix, Named, Scalar, Words

_FEW = 10
"""Up to so many items, those of an unordered list may be compared by equivalence."""

_TUPLES = ("()", "<>")
_RELATION = re.compile(r"[<>=]|\\(?:le|ge|ne|lt|gt)(?![A-Za-z])")


def same(gold: Answer, answer: Answer, equivalent: Equivalent, asked: Asked | None = None) -> bool:
    """Whether `answer` says the same as `gold`: as many items, in the same kind of brackets, each of them the same.

    An answer that gives more than was asked for is another answer, and so is another order where one was asked for.
    """
    return _same(gold, answer, Rules(equivalent, asked or Asked()))


def _same(gold: Answer, answer: Answer, rules: Rules) -> bool:
    if isinstance(answer, Chain):
        return _same_as_last(gold, answer.sides, rules)
    if isinstance(gold, Chain):
        return _same(gold.sides[-1], answer, rules)
    if isinstance(gold, Named) or isinstance(answer, Named):
        return _same_named(gold, answer, rules)
    if isinstance(gold, Words) or isinstance(answer, Words):
        return _words(gold) == _words(answer) is not None
    if isinstance(gold, Matrix) or isinstance(answer, Matrix):
        return _same_matrix(gold, answer, rules)
    if isinstance(gold, Group) or isinstance(answer, Group):
        return _same_group(gold, answer, rules)
    return same_scalar(gold, answer, rules)


def _same_as_last(gold: Answer, sides: Sequence[Answer], rules: Rules) -> bool:
    """Whether the last of several sides is the right answer, and those before it, which lead there, agree with it."""
    *before, last = sides
    return _same(gold, last, rules) and all(
        agrees(side, last, rules.equivalent) and (side.unit == last.unit or may_follow(side.unit, rules.asked))
        if isinstance(side, Scalar) and isinstance(last, Scalar)
        else _same(last, side, rules)
        for side in before
    )


def _same_named(gold: Answer, answer: Answer, rules: Rules) -> bool:
    if isinstance(gold, Named) and isinstance(answer, Named):
        known = [name for name in (gold.name, answer.name) if not name.startswith("\\text")]
        return len(set(known)) <= 1 and _same(gold.value, answer.value, rules)
    if any(isinstance(side, Scalar) and _RELATION.search(side.text) for side in (gold, answer)):
        assert isinstance(gold, Named | Scalar)
        assert isinstance(answer, Named | Scalar)
        return _same_relation(gold, answer, rules)
    return _same(_unnamed(gold), _unnamed(answer), rules)


def _unnamed(answer: Answer) -> Answer:
    return answer.value if isinstance(answer, Named) else answer


def _same_relation(gold: Named | Scalar, answer: Named | Scalar, rules: Rules) -> bool:
    if isinstance(answer, Scalar) and not may_follow(answer.unit, rules.asked):
        return False
    return admissible(answer.text, gold.text, False) and rules.equivalent(gold.text, answer.text)


def _words(answer: Answer) -> str | None:
    if isinstance(answer, Words):
        return answer.text
    if not isinstance(answer, Scalar) or answer.unit or "\\" in answer.text:
        return None
    return answer.text.lower()


def _same_matrix(gold: Answer, answer: Answer, rules: Rules) -> bool:
    if isinstance(gold, Group) and isinstance(answer, Matrix) and len(answer.rows) == 1:
        return gold.brackets in _TUPLES and _same_ordered(gold.items, answer.rows[0], rules)
    one, other = _rows(gold), _rows(answer)
    if one is None or other is None or [len(row) for row in one] != [len(row) for row in other]:
        return False
    return all(_same_ordered(*rows, rules) for rows in zip(one, other, strict=True))


def _rows(answer: Answer) -> Sequence[Sequence[Answer]] | None:
    """The rows of a matrix; a tuple is a column."""
    if isinstance(answer, Group) and answer.brackets in _TUPLES:
        return [[item] for item in answer.items]
    return answer.rows if isinstance(answer, Matrix) else None


def _same_group(gold: Answer, answer: Answer, rules: Rules) -> bool:
    if not isinstance(gold, Group) or not isinstance(answer, Group):
        one, other = _alone(gold), _alone(answer)
        return not isinstance(one, Group) and not isinstance(other, Group) and _same(one, other, rules)
    wanted, given = gold.brackets, answer.brackets.replace(";", "")
    if wanted == "" and given in ("", "{}") and rules.asked.ordered and not _told_apart(gold.items):
        return _same_ordered(gold.items, answer.items, rules)
    if {wanted, given} <= {"", "{}"} or wanted == given == "U":
        return _same_unordered(gold.items, answer.items, rules)
    if wanted == "()" and given == "" and _told_apart(answer.items):
        return _same_by_names(gold.items, answer.items, rules)
    if "<>" in (wanted, given) and {wanted, given} <= {"()", "<>"}:
        fits = wanted == "<>" or len(gold.items) > 2 or rules.asked.of_vectors
        return fits and _same_ordered(gold.items, answer.items, rules)
    ordered = wanted == given or (wanted in ("", ";") and given in ("", "()"))
    return ordered and _same_ordered(gold.items, answer.items, rules)


def _alone(answer: Answer) -> Answer:
    """The only item of a list or set."""
    single = isinstance(answer, Group) and answer.brackets in ("", "{}") and len(answer.items) == 1
    return answer.items[0] if single and isinstance(answer, Group) else answer


def _told_apart(items: Sequence[Answer]) -> bool:
    """Whether names say which item is which."""
    names = [item.name for item in items if isinstance(item, Named)]
    return len(names) == len(items) > 1 and len(set(names)) == len(names)


def _same_by_names(gold: Sequence[Answer], answer: Sequence[Answer], rules: Rules) -> bool:
    """Whether `x = 1, y = 2` is the tuple of values that was asked for."""
    values = {item.name: item.value for item in answer if isinstance(item, Named)}
    names = rules.asked.order_of(list(values))
    return names is not None and _same_ordered(gold, [values[name] for name in names], rules)


def _same_ordered(gold: Sequence[Answer], answer: Sequence[Answer], rules: Rules) -> bool:
    return len(gold) == len(answer) and all(_same(one, other, rules) for one, other in zip(gold, answer, strict=True))


def _same_unordered(gold: Sequence[Answer], answer: Sequence[Answer], rules: Rules) -> bool:
    names = {item.name for item in gold if isinstance(item, Named)}
    if len(names) > 1 and not all(isinstance(item, Named) for item in answer):
        return _same_ordered(gold, answer, rules)
    wanted, given = list(dict.fromkeys(gold)), list(dict.fromkeys(answer))
    if len(wanted) != len(given):
        return False
    if len(wanted) > _FEW:
        rules = replace(rules, equivalent=eq)
    for item in wanted:
        match = next((other for other in given if _same(item, other, rules)), None)
        if match is None:
            return False
        given.remove(match)
    return True
