"""An exact value with its rounding, `4\\pi \\approx 12.57`: the exact one is the answer if the other one agrees."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from math import isqrt

from prorl.tasks.arithmetic import NotArithmetic
from prorl.tasks.math.chain import worked_out
from prorl.tasks.math.numbers import Number
from prorl.tasks.math.scalars import scalar
from prorl.tasks.math.structure import Scalar

_PLACES = 30
"""Digits after the point to which roots and pi are worked out."""

_PI = "(3.141592653589793238462643383280)"
_SIGN = re.compile(r"\\approx(?![A-Za-z])")
_ROOT = re.compile(r"\\sqrt ?\{ ?([0-9]{1,12}) ?\}")


def before_rounding(text: str) -> Scalar | None:
    """The first side of an approximation if the second is what it rounds to; None for all else.

    Only sums, products, quotients and powers of numbers, roots and pi are worked out.
    """
    sides = _SIGN.split(text)
    if len(sides) != 2:
        return None
    exact, rounded = (scalar(side.strip()) for side in sides)
    value = exact.number.value if exact.number else _value(exact.text)
    if value is None or rounded.number is None or not _rounds_to(value, rounded.number):
        return None
    if exact.unit and rounded.unit and exact.unit != rounded.unit:
        return None
    return replace(exact, unit=exact.unit or rounded.unit)


def _rounds_to(value: Fraction, rounded: Number) -> bool:
    """Whether a decimal or whole number is within half of its last digit."""
    if rounded.percent or (rounded.places is None and rounded.value.denominator != 1):
        return False
    return 2 * abs(value - rounded.value) <= Fraction(1, 10 ** (rounded.places or 0))


def _value(text: str) -> Fraction | None:
    text = _ROOT.sub(lambda found: f"({_root(int(found[1]))})", text)
    try:
        return worked_out(re.sub(r"\\pi(?![A-Za-z])", _PI, text))
    except NotArithmetic:
        return None


def _root(radicand: int) -> str:
    whole, rest = divmod(isqrt(radicand * 10 ** (2 * _PLACES)), 10**_PLACES)
    return f"{whole}.{rest:0{_PLACES}}"
