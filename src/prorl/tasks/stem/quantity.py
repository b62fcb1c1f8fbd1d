"""Numbers with units, compared by dimension and value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from prorl.tasks.math.clean import LONGEST, clean
from prorl.tasks.math.numbers import number
from prorl.tasks.stem.pint_units import converted, unit_of
from prorl.tasks.stem.spelling import unwrapped, with_powers
from prorl.tasks.stem.unit_text import Factors, factors

TOLERANCE = 0.02
"""Relative deviation that is still right, by default."""

_FROM_ZERO = 1e-9
"""Deviation from a value of zero that is still right, in its unit."""

_AGREES = 0.05
"""Relative deviation of one side of an equation from another one that is explained by rounding."""

_DECIMAL = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_POWER = r"10 ?\^ ?(?:\{ ?[+-]?[0-9]+ ?\}|[+-]?[0-9]+)"
_NUMBER = (
    rf"[+-]? ?(?:{_POWER}|(?:[0-9]+ ?\\frac ?\{{ ?[0-9]+ ?\}}|\\frac ?\{{[^{{}}]+\}}) ?\{{[^{{}}]+\}}"
    rf"|{_DECIMAL}(?:[eE][+-]?[0-9]+(?![0-9])| ?(?:\\times|\\cdot|\*|x) ?{_POWER})?(?:/{_DECIMAL})?)"
)
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER})(?P<unit>[^0-9].*|)", re.DOTALL)
_EQUALS = re.compile(r"=|\\approx(?![A-Za-z])|\\simeq(?![A-Za-z])|≈|\\sim(?![A-Za-z])")
_ABOUT = re.compile(r"^(?:about|approximately|roughly) ")
_NAME = re.compile(r"(?:[^\W\d_]|[{}\\ ,()']|_ ?(?:\{[^{}]*\}|[^\W_]))*")
_ARITHMETIC = re.compile(r"(?=[^0-9]*[0-9])(?:[0-9.+*/^(){} -]|\\(?:times|cdot|frac|sqrt|pi)(?![A-Za-z]))+")
_FORMULA = re.compile(r"(?:(?!\b(?:or|and)\b)(?:[^,;<>]|(?<=[0-9]),(?=[0-9]{3})))+")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and the factors of its unit, none for a bare number."""

    value: float
    unit: Factors


def quantity(text: str) -> Quantity | None:
    """The quantity that an answer is, such as `3.2 \\times 10^{5} \\text{ m/s}`; None if it is none, or several.

    Of an equation such as `E = mc^2 = 5 J` it is the last side, if it begins with a name, a calculation or the same
    quantity, and no side is another quantity.
    """
    cleaned = clean(unwrapped(with_powers(text))) if len(text) <= LONGEST else None
    if cleaned is None:
        return None
    *before, last = (side.strip() for side in _EQUALS.split(cleaned))
    given = _single(_ABOUT.sub("", last))
    if given is None or (before and not _leads_to(before[0], given, (_NAME, _ARITHMETIC))):
        return None
    return given if all(_leads_to(side, given, (_FORMULA,)) for side in before[1:]) else None


def matches(expected: Quantity, answer: Quantity, tolerance: float, unit_needed: bool) -> bool:
    """Whether an answer has the expected dimension, and the value within a relative tolerance.

    A bare number is taken to be in the expected unit, unless `unit_needed`; where that has no dimension it may also
    be the number itself, such as 0.5 for 50 %. Values are compared in the expected unit, so 25 °C is 298.15 K.
    Raises ValueError if the expected unit is unknown.
    """
    wanted = unit_of(expected.unit)
    if wanted is None:
        raise ValueError(f"the unit {expected.unit} of the right answer is unknown")
    if not answer.unit and not unit_needed and _close(expected.value, answer.value, tolerance):
        return True
    given = unit_of(answer.unit)
    if given is None or given.dimensionality != wanted.dimensionality:
        return False
    return _close(expected.value, converted(answer.value, given, wanted), tolerance)


def _close(expected: float, value: float, tolerance: float) -> bool:
    if not math.isfinite(value):
        return False
    return abs(value - expected) <= (tolerance * abs(expected) if expected else _FROM_ZERO)


def _leads_to(side: str, given: Quantity, forms: tuple[re.Pattern[str], ...]) -> bool:
    """Whether a side of an equation has one of the forms, or is about the quantity that another side is."""
    said = _single(side)
    if said is None or (said.unit and unit_of(said.unit) is None):
        return any(form.fullmatch(side) for form in forms)
    return unit_of(given.unit) is not None and matches(given, said, _AGREES, unit_needed=False)


def _single(text: str) -> Quantity | None:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    plain = number(re.sub(r"(?<=[0-9. ])x(?= ?10)", r"\\times", _braced(found["number"])))
    unit = factors(found["unit"])
    if plain is None or unit is None:
        return None
    try:
        return Quantity(float(plain.value), unit)
    except OverflowError:
        return None


def _braced(text: str) -> str:
    """`10^-5` as `10^{-5}`."""
    return re.sub(r"\^ ?([+-]?[0-9]+)", r"^{\1}", text)
