"""Whether the sides of `2 + 3 = 5` before the last agree with the last one, which is the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from prorl.tasks import arithmetic
from prorl.tasks.math import numbers
from prorl.tasks.math.guard import comparable
from prorl.tasks.math.numbers import Number
from prorl.tasks.math.structure import Scalar

_TIMES = re.compile(r"(?<=[0-9)}])\s*(?=\()|(?<=\))\s*(?=[0-9])")
_MOST_FRACTIONS = 3
"""Within each other."""


def agrees(side: Scalar, last: Scalar, equivalent: Callable[[str, str], bool]) -> bool:
    """Whether a side is the same as the last one. It may be left to work out, and repeat the question."""
    if last.number is not None and (value := _value(side)) is not None:
        return numbers.equal(last.number, value)
    safe = comparable(side.text, last.text, last.number is not None)
    return side.text == last.text or (safe and equivalent(side.text, last.text))


def _value(side: Scalar) -> Number | None:
    """What a side is as a number, or comes to as arithmetic; None if it is neither."""
    if side.number is not None:
        return side.number
    try:
        return Number(worked_out(side.text))
    except arithmetic.NotArithmetic:
        return None


def worked_out(text: str) -> Fraction:
    """The exact value of sums, products, quotients and powers of numbers in LaTeX. Raises NotArithmetic."""
    text = _TIMES.sub("*", text)
    for _ in range(_MOST_FRACTIONS):
        text = arithmetic.plain(text)
    return arithmetic.value(text)
