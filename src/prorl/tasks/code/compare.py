"""Whether what a program brought out is what was expected. Both are plain data by now; nothing of the program runs."""

from __future__ import annotations

import math
import re
from typing import Any

_RELATIVE, _ABSOLUTE = 1e-6, 1e-9
"""How far two numbers may differ where the expected one is a float."""

_RESIDUE = 1e-12
"""Below this, a float of many digits is what rounding left of 0."""

_WITH_EXPONENT = re.compile(r"[-+]?\d+[eE][-+]\d+", re.ASCII)
"""A float as Python writes it when it has no fraction; without the sign it could be any text, such as digits of 16."""


def same_output(output: bytes, expected: str) -> bool:
    """Equal line by line and word by word.

    Space at the ends of lines, the number of spaces between words and empty lines at the end don't count. Where a word
    is expected that is a number with a fraction or in Python's notation for floats, such as `1e-05`, a number within
    1e-6 of it (relative) will do.
    """
    given, wanted = _lines(output.decode("utf-8", "replace")), _lines(expected)
    return len(given) == len(wanted) and all(
        left == right or _same_words(left.split(), right.split()) for left, right in zip(given, wanted, strict=True)
    )


def same_value(value: Any, expected: Any) -> bool:
    """Equal as Python has it, but a tuple equals a list, and floats may differ by 1e-6 (relative)."""
    if isinstance(expected, float) and isinstance(value, int | float):
        return _close(value, expected, repr(expected))
    if isinstance(expected, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(expected)
            and all(same_value(left, right) for left, right in zip(value, expected, strict=True))
        )
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and len(value) == len(expected)
            and all(key in value and same_value(value[key], right) for key, right in expected.items())
        )
    return bool(value == expected)


def _lines(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _same_words(given: list[str], wanted: list[str]) -> bool:
    return len(given) == len(wanted) and all(
        left == right or _same_number(left, right) for left, right in zip(given, wanted, strict=True)
    )


def _same_number(given: str, wanted: str) -> bool:
    if len(given) > 400 or not ("." in wanted or _WITH_EXPONENT.fullmatch(wanted)):
        return False
    try:
        return _close(float(given), float(wanted), wanted)
    except ValueError:
        return False


def _close(given: float, wanted: float, written: str) -> bool:
    """Whether they differ by rounding: relatively, or absolutely unless an exponent says how small `wanted` is."""
    exact = "e" in written.lower() and not (abs(wanted) < _RESIDUE and "." in written)
    try:
        return math.isclose(given, wanted, rel_tol=_RELATIVE, abs_tol=0.0 if exact else _ABSOLUTE)
    except OverflowError:
        return False
