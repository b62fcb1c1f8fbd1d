"""Matrices as LaTeX has them, also with a factor before them."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from prorl.tasks.math.numbers import Number, number
from prorl.tasks.math.scalars import times
from prorl.tasks.math.structure import Answer, Matrix, Scalar

_MATRIX = re.compile(
    r"(?P<factor>[^(\[]*?)(?P<open>[(\[]?) ?"
    r"\\begin ?\{(?P<kind>[pbBvV]?(?:small)?matrix|array)\}(?: ?\{[lcr ]+\})?"
    r"(?P<body>.*)\\end ?\{(?P=kind)\} ?(?P<close>[)\]]?)",
    re.DOTALL,
)
_DETERMINANTS = ("vmatrix", "Vmatrix")
_END_OF_ROW = re.compile(r"\\\\(?:\s*\[\s*-?[0-9.]+\s*[a-z]{2}\s*\])?|\\cr(?![A-Za-z])")
_SIGN_OF_PRODUCT = re.compile(r"(?:\\cdot|\\times|\*)\s*$")


def matrix(text: str, entry: Callable[[str], Answer]) -> Matrix | None:
    """The matrix that a cleaned text is, with its entries read by `entry`; None if it is none.

    A rational factor before it is multiplied into its entries if these are rational.
    """
    found = _MATRIX.fullmatch(text) if r"\begin" in text else None
    if not found or r"\begin" in found["body"] or bool(found["open"]) != bool(found["close"]):
        return None
    rows = [row for row in _END_OF_ROW.split(found["body"]) if row.strip()]
    whole = Matrix(tuple(tuple(entry(part.strip()) for part in row.split("&")) for row in rows))
    if not found["factor"].strip():
        return whole
    return None if found["kind"] in _DETERMINANTS else _multiplied(_SIGN_OF_PRODUCT.sub("", found["factor"]), whole)


def _multiplied(factor: str, whole: Matrix) -> Matrix | None:
    by = Number(Fraction(-1)) if factor.strip() == "-" else number(factor)
    rows = [[_bare_number(entry) for entry in row] for row in whole.rows]
    if by is None or by.percent or any(value is None for row in rows for value in row):
        return None
    return Matrix(tuple(tuple(times(value, by.value) for value in row if value is not None) for row in rows))


def _bare_number(entry: Answer) -> Number | None:
    return entry.number if isinstance(entry, Scalar) and not entry.unit else None
