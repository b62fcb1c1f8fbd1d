"""The verdict on a completion whose answer is a number with a unit."""

from __future__ import annotations

import re

from prorl.tasks import extract
from prorl.tasks.contract import Outcome, Problem, Verdict
from prorl.tasks.math.clean import clean
from prorl.tasks.math.units import OTHER_NUMBERS
from prorl.tasks.stem.pint_units import unit_of
from prorl.tasks.stem.quantity import TOLERANCE, Quantity, matches, quantity
from prorl.tasks.stem.spelling import with_powers
from prorl.tasks.stem.unit_text import factors

SYSTEM = r"Think step by step, and put the final answer, a number with its unit, within \boxed{}."

_TAIL = 1_000
"""Characters at the end of a completion in which tolerant extraction looks for an answer."""

_LAST = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
    r"(?: ?(?:\\times|×|x) ?10\^(?:\{[+-]?[0-9]+\}|[+-]?[0-9]+))?(?: ?[A-Za-zµΩ°%][^\s.,;]{0,20})?"
)


_COUNTED = frozenset(["animals", "bacteria", "cells", "coins", "individuals", "particles", "times"])
"""What may stand after a number that has no unit, besides words of the question."""


def judge_quantity(problem: Problem, text: str) -> Verdict:
    r"""Whether the last `\boxed{…}` holds the quantity `payload["value"]` in `payload["unit"]`, in any unit.

    Where that unit is empty, words of the question that are no units may stand after the number, such as `bacteria`.
    It must have the same dimension, be within `payload["tolerance"]` (relative), and have a unit if
    `payload["unit_needed"]`. Without a box, or without a quantity in it, that is UNPARSEABLE; then the tolerant score
    looks in answer tags, after "the answer is", and at the last number. Raises ValueError for an unknown unit.
    """
    boxed = extract.boxed(text)
    given = None if boxed is None else quantity(boxed)
    if given is not None:
        solved = _right(problem, given)
        return Verdict(float(solved), Outcome.SOLVED if solved else Outcome.WRONG, float(solved), boxed)
    if boxed is not None and clean(boxed) is not None:
        return Verdict(0.0, Outcome.UNPARSEABLE, 0.0, boxed, "not a number with a unit")
    elsewhere = _elsewhere(text)
    found = None if elsewhere is None else quantity(elsewhere)
    tolerant = found is not None and _right(problem, found)
    return Verdict(0.0, Outcome.UNPARSEABLE, float(tolerant), elsewhere)


def _right(problem: Problem, given: Quantity) -> bool:
    payload = problem.payload
    unit = factors(payload["unit"])
    if unit is None:
        raise ValueError(f"the unit {payload['unit']!r} of {problem.task} problem {problem.id} cannot be read")
    expected = Quantity(float(payload["value"]), unit)
    if not unit and _names_what_is_counted(given, problem):
        given = Quantity(given.value, ())
    return matches(expected, given, payload.get("tolerance", TOLERANCE), payload["unit_needed"])


def _names_what_is_counted(given: Quantity, problem: Problem) -> bool:
    question = " ".join(message.content for message in problem.messages).lower()
    words = set(re.findall("[a-z]+", question)) - OTHER_NUMBERS
    return all(
        power == 1 and (name.lower() in _COUNTED or (name.lower() in words and unit_of(((name, 1),)) is None))
        for name, power in given.unit
    )


def _elsewhere(text: str) -> str | None:
    tail = text[-_TAIL:]
    last = _LAST.findall(with_powers(tail))
    return extract.strict(text) or extract.unclosed(text) or extract.said(tail) or (last[-1] if last else None)
