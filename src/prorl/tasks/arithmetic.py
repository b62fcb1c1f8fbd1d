"""The exact value of arithmetic that is written down, without running any of it."""

from __future__ import annotations

import re
from fractions import Fraction

DEEPEST = 50
"""Brackets within brackets."""

MOST_BITS = 4096
"""Of a numerator or denominator on the way."""

_TOKEN = re.compile(r"\s*(\d+\.?\d*|\.\d+|\*\*|[-+*/^()])")

_LATEX = (
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\(?:cdot|times)(?![A-Za-z])|[×·∙]"), "*"),
    (re.compile(r"\\div(?![A-Za-z])|÷"), "/"),
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\\(?:left|right|displaystyle|,|;|!)(?![A-Za-z])"), ""),
    (re.compile(r"\^\s*\{([^{}]*)\}"), r"^(\1)"),
    (re.compile(r"\\[()\[\]]|\$|</?\w+>"), "\0"),
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), ""),
)


class NotArithmetic(ValueError):
    """A text that is no arithmetic with numbers, + - * / ^ and brackets, or one whose numbers grow too large."""


def plain(text: str) -> str:
    """LaTeX's fractions, powers and signs as this module reads them; a NUL for what begins or ends a formula."""
    for pattern, instead in _LATEX:
        text = pattern.sub(instead, text)
    return text


def value(text: str) -> Fraction:
    """The value of `3 + 4 * (2 - 1/2)^2`, exactly; decimals are what they say. Raises NotArithmetic."""
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotArithmetic(f"{text[at : at + 20]!r} is no number and no sign")
        tokens.append("^" if found[1] == "**" else found[1])
        at = found.end()
    reader = _Reader(tokens)
    result = reader.sum(0)
    if reader.at != len(tokens):
        raise NotArithmetic(f"{tokens[reader.at]!r} is left over")
    return result


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def sum(self, depth: int) -> Fraction:
        result = self.product(depth)
        while sign := self.taken("+-"):
            term = self.product(depth)
            result = _kept(result + term if sign == "+" else result - term)
        return result

    def product(self, depth: int) -> Fraction:
        result = self.signed(depth)
        while sign := self.taken("*/"):
            result = _multiplied(result, self.signed(depth), sign)
        return result

    def signed(self, depth: int) -> Fraction:
        """A power with its sign: -2^2 is -4."""
        negative = False
        while sign := self.taken("+-"):
            negative ^= sign == "-"
        result = self.power(depth)
        return -result if negative else result

    def power(self, depth: int) -> Fraction:
        base = self.atom(depth)
        if not self.taken("^"):
            return base
        if depth >= DEEPEST:
            raise NotArithmetic("nested too deep")
        sign = self.taken("-")
        exponent = self.power(depth + 1) * (-1 if sign else 1)
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator != 1 or abs(exponent) * size > MOST_BITS or (base == 0 and exponent < 0):
            raise NotArithmetic("a power that is not worked out")
        return Fraction(base ** int(exponent))

    def atom(self, depth: int) -> Fraction:
        if depth >= DEEPEST or self.at >= len(self.tokens):
            raise NotArithmetic("nested too deep" if depth >= DEEPEST else "it ends where a number should be")
        token = self.tokens[self.at]
        self.at += 1
        if token == "(":
            result = self.sum(depth + 1)
            if not self.taken(")"):
                raise NotArithmetic("a bracket is not closed")
            return result
        if token[0].isdigit() or token[0] == ".":
            return _kept(Fraction(token.rstrip(".")))
        raise NotArithmetic(f"{token!r} stands where a number should be")

    def taken(self, signs: str) -> str:
        """The next token if it is one of these signs; nothing otherwise."""
        if self.at < len(self.tokens) and self.tokens[self.at] in signs:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""


def _multiplied(one: Fraction, other: Fraction, sign: str) -> Fraction:
    if sign == "*":
        return _kept(one * other)
    if other == 0:
        raise NotArithmetic("a division by zero")
    return _kept(one / other)


def _kept(number: Fraction) -> Fraction:
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > MOST_BITS:
        raise NotArithmetic("numbers grow too large")
    return number
