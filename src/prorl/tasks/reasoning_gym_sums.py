"""Scoring sums that must reach a number, for Reasoning Gym's `countdown` and `puzzle24`, without running them."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any


def reaches_24(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    return _reaches(answer, entry["metadata"]["numbers"], 24)


def reaches_target(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    return _reaches(answer, entry["metadata"]["numbers"], entry["metadata"]["target"])


def _reaches(answer: str, numbers: list[int], target: int) -> float:
    """1 if the sum uses exactly the given numbers, each once, and equals the target exactly."""
    used = sorted(int(number) for number in re.findall(r"\d+", answer))
    return float(used == sorted(numbers) and value(answer) == target)


_OPERATIONS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value(text: str) -> Fraction:
    """The exact value of a sum written with whole numbers, + - * / and brackets.

    Raises ValueError or SyntaxError for anything else, RecursionError for absurd nesting.
    """

    def of(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=number) if type(number) is int:
                return Fraction(number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -of(operand)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATIONS:
                return _OPERATIONS[type(sign)](of(left), of(right))
        raise ValueError(f"{ast.unparse(node)[:40]!r} is not a sum of whole numbers")

    return of(ast.parse(" ".join(text.split()), mode="eval").body)
