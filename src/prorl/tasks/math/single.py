"""Whether a single expression is the right one: its unit, its number, its letters, and only then by equivalence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from prorl.tasks.math import numbers
from prorl.tasks.math.guard import admissible
from prorl.tasks.math.question import Asked
from prorl.tasks.math.scalars import BASE_TEN
from prorl.tasks.math.structure import MODULUS, Scalar

Equivalent = Callable[[str, str], bool]
"""Whether two expressions (the right one first) are equivalent; asked only about single admissible expressions."""

_OF_A_BASE = re.compile(r"-?[0-9A-F]+ ?_")
"""Digits with a base, as in `1011_2`."""

_POINTS = re.compile(r"(?P<angle>\\angle)?(?P<letters>[A-Z]{2,})")
"""Capital letters in a row are points or a word, and no product."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What answers are compared by: what is equivalent, and what was asked for."""

    equivalent: Equivalent
    asked: Asked


def same_scalar(gold: Scalar, answer: Scalar, rules: Rules) -> bool:
    """Whether one expression says the same as the right one."""
    if not _same_unit(gold, answer, rules.asked):
        return False
    if BASE_TEN.fullmatch(answer.text) and not _OF_A_BASE.match(gold.text) and not rules.asked.in_base_ten:
        return False
    if gold.number is not None and answer.number is not None:
        return numbers.equal(gold.number, answer.number)
    one, other = _bare(gold.text), _bare(answer.text)
    if one == other:
        return True
    if points := _POINTS.fullmatch(one):
        return not rules.asked.ordered and other == _from_the_other_end(points)
    if _OF_A_BASE.match(gold.text) or _OF_A_BASE.match(answer.text):
        return one.partition("_")[0] == other
    rational = gold.number is not None
    return admissible(answer.text, gold.text, rational) and rules.equivalent(gold.text, answer.text)


def may_follow(unit: str, asked: Asked) -> bool:
    """Whether a unit says nothing that would make another answer of the expression before it."""
    return not unit or asked.counts(unit)


def _same_unit(gold: Scalar, answer: Scalar, asked: Asked) -> bool:
    if not gold.unit:
        return may_follow(answer.unit, asked)
    return gold.unit == answer.unit or (not answer.unit and not gold.unit.startswith(MODULUS))


def _from_the_other_end(points: re.Match[str]) -> str | None:
    """The other name of a segment or an angle; None for what has none."""
    angle, letters = points["angle"] or "", points["letters"]
    return angle + letters[::-1] if angle or len(letters) == 2 else None


def _bare(text: str) -> str:
    """Without spaces, signs of multiplication between letters, and braces around single characters."""
    text = re.sub(r"\\cdot(?![A-Za-z])|\*", "", text).replace(" ", "")
    return re.sub(r"\{(.)\}", r"\1", text.replace(r"+\infty", r"\infty"))
