"""Whether a number is worked out: a sum or product that is left as it stands restates the question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

_SURE = 5
"""From so many digits on, a right answer with a point may be the rounding of an irrational number."""

_DEEPEST = 20
"""Brackets within brackets; what has more is not worked out."""

_NAMES = re.compile(r"\\(?:frac|binom|cdot|times|div)(?![A-Za-z])")
"""Commands that make a rational number of rational numbers."""

_LETTER = re.compile(r"(?<!\\)(?<![A-Za-z])[A-Za-z]+")
_VARIABLE = re.compile(r"\\(?:alpha|beta|gamma|delta|epsilon|theta|lambda|mu|nu|xi|rho|sigma|tau|phi|varphi|psi|omega)")
_SUM = re.compile(r"(?<=[0-9A-Za-z)}!\].%|])(?<!\\cdot)(?<!\\times)(?<!\\div)[+-]")
"""A sign between two terms, and not before one."""

_PRODUCT = re.compile(
    r"\\(?:cdot|times)(?![A-Za-z])|\*"
    r"|(?:[0-9)!\]]|\}(?!\s*\{))\s*(?:\(|\\(?!div)[a-z]|[a-z])|[)}!\]]\s*[0-9]|[0-9]\s+[0-9]"
)
"""A sign of multiplication, or two factors without one."""

_QUOTIENT = re.compile(r"/|\\(?:frac|div)(?![A-Za-z])")
_POWER_OF_I = re.compile(r"(?<![A-Za-z\\])i\s*\^")
_NUMBER = re.compile(r"\\frac\s*\{[^{}]*[0-9][^{}]*\}\s*\{[^{}]*\}|(?<![\^_/.0-9])[0-9][0-9.,]*")
_OF_A_NUMBER = re.compile(r"\\(?!frac|cdot|times|div|pi)[A-Za-z]+\s*[0-9.]+")
"""A function of a number without brackets."""

_DIVIDED = re.compile(r"\\frac\s*\{\}\s*\{[^{}]*\}")
"""What is left of a fraction with more than a number above."""

_OPENING, _CLOSING = "([{", ")]}"


def finished(answer: str, gold: str, gold_is_rational: bool) -> bool:
    """Whether a cleaned expression is as far worked out as the right one, where that is a number.

    Where it is rational: one number, fraction, power, root, factorial or binomial, and no sum or product of several.
    Where it is irrational or complex, an answer has none of these unless the right one has it: two rational terms in a
    sum, two of them in a product, a sum under a root, a product or quotient of two sums, a power of i. Nothing is asked
    where the right one has variables, or is left to work out itself, such as `2^{100} - 1`.
    """
    answer, gold = (re.sub(r"\s+(?=[-+])", "", text) for text in (answer, gold))
    if gold_is_rational and not (_may_be_rounded(gold) and re.search(r"\\sqrt|\\pi|(?<![A-Za-z])e", answer)):
        return not (_SUM.search(answer) or _PRODUCT.search(answer) or len(_QUOTIENT.findall(answer)) > 1)
    if not gold_is_rational and (_has_variables(gold) or _is_rational(gold)):
        return True
    return _depth(answer) <= _DEEPEST and set(_unfinished(answer)) <= set(_unfinished(gold))


def _depth(text: str) -> int:
    """How many brackets are open at the most."""
    return max(accumulate(((sign in _OPENING) - (sign in _CLOSING) for sign in text), initial=0))


def _may_be_rounded(gold: str) -> bool:
    return "." in gold and sum(map(str.isdigit, gold)) >= _SURE


def _has_variables(text: str) -> bool:
    return bool(_VARIABLE.search(text)) or any(set(run) - {"e", "i"} for run in _LETTER.findall(text))


def _unfinished(text: str) -> Iterator[str]:
    """What there is left to work out, in and within brackets."""
    if _POWER_OF_I.search(text):
        yield "power of i"
    for before, inside in [("", text), *_groups(text)]:
        terms = _terms(inside)
        if sum(map(_is_rational, terms)) > 1:
            yield "rational terms"
        if len(terms) > 1 and re.search(r"\\sqrt\s*(?:\[[^\[\]]*\]\s*)?$", before):
            yield "sum under a root"
        if any(_sums(term) > 1 for term in terms):
            yield "product of sums"
        if any(_numbers(term) > 1 for term in terms):
            yield "product of numbers"


def _groups(text: str) -> list[tuple[str, str]]:
    """What precedes each pair of brackets, at any depth, and what it holds."""
    return [found for outer in _outer_groups(text) for found in (outer, *_groups(outer[1]))]


def _outer_groups(text: str) -> list[tuple[str, str]]:
    """What precedes each pair of brackets that is in no other, and what it holds. `text` is balanced."""
    found, depth, begin = [], 0, 0
    for place, sign in enumerate(text):
        if sign in _OPENING:
            begin = begin if depth else place
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
            if not depth:
                found.append((text[:begin], text[begin + 1 : place]))
    return found


def _terms(text: str) -> list[str]:
    """The terms of the sum that a text is; one if it is none."""
    depth, ends = 0, []
    for place, sign in enumerate(text):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if not depth and sign in "+-" and _SUM.match(text, place):
            ends.append(place)
    return [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]


def _is_rational(term: str) -> bool:
    """Whether a term has digits, and no root, function or letter."""
    return bool(re.search("[0-9]", term)) and not re.search("[A-Za-z]", _NAMES.sub("", term))


def _sums(term: str) -> int:
    """How many of the factors and divisors of a term are sums."""
    return sum(map(_sums_in, (inside for before, inside in _outer_groups(term) if _is_factor(before))))


def _numbers(term: str) -> int:
    """How many of the factors of a term are rational numbers as they stand. A fraction counts by what is above."""
    for before, inside in reversed(_outer_groups(term)):
        if not (_is_factor(before) and re.fullmatch(r"[-+]?[0-9.,]+", inside)):
            term = before + term[len(before)] + term[len(before) + 1 + len(inside) :]
    return len(_NUMBER.findall(_DIVIDED.sub("", _OF_A_NUMBER.sub("", term))))


def _sums_in(group: str) -> int:
    terms = _terms(group)
    return 1 if len(terms) > 1 else _sums(group)


def _is_factor(before: str) -> bool:
    """Whether the brackets after this text hold a factor, and no exponent, index or argument of a function."""
    return not re.search(r"(?:[\^_]|\\(?!frac|cdot|times|div|pi)[A-Za-z]+(?:\s*\[[^\[\]]*\])?)\s*$", before)
