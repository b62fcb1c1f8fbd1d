"""A single expression of an answer, with what may stand after a number: a unit, a modulus, the base ten."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from prorl.tasks.math.latex import ratio
from prorl.tasks.math.numbers import Number, number
from prorl.tasks.math.structure import MODULUS, Scalar
from prorl.tasks.math.units import without_unit

_DIGITS = r"(?P<digits>[+-]?[0-9][0-9,]*)"
BASE_TEN = re.compile(rf"{_DIGITS} ?_ ?(?:10|\{{ ?(?:10|ten|\\text ?\{{ ?ten ?\}}) ?\}})")
_MODULO = re.compile(
    rf"{_DIGITS} ?\(? ?(?:\\[bp]?mod|\\text ?\{{ ?mod ?\}}|mod)(?![A-Za-z]) ?"
    r"(?:\{ ?(?P<braced>[0-9]{1,9}) ?\}|(?P<plain>[0-9]{1,9})) ?\)?"
)


def scalar(text: str) -> Scalar:
    """The number that a cleaned text is, or else the text as it stands, with the unit it ends in."""
    if (plain := number(text)) is not None:
        return Scalar(text, plain)
    if found := BASE_TEN.fullmatch(text):
        return Scalar(text, number(found["digits"]))
    if (remainder := _remainder(text)) is not None:
        return remainder
    measured = without_unit(text)
    value = number(measured.body)
    if measured.times == 1:
        return Scalar(measured.body, value, measured.unit)
    return Scalar(text) if value is None else replace(times(value, measured.times), unit=measured.unit)


def _remainder(text: str) -> Scalar | None:
    """`9 \\pmod{13}` as 9 with a modulus for its unit; None if it is none, or not below that."""
    found = _MODULO.fullmatch(text)
    value = number(found["digits"]) if found else None
    if not found or value is None:
        return None
    modulus = int(found["braced"] or found["plain"])
    return Scalar(found["digits"], value, f"{MODULUS}{modulus}") if value.value < modulus else None


def times(value: Number, factor: Fraction | int) -> Scalar:
    """A number multiplied, as an exact one."""
    product = value.value * factor
    return Scalar(ratio(product), Number(product, percent=value.percent))
