"""Which expressions are answers at all: what is left unevaluated, or would take for ever to evaluate, is none."""

from __future__ import annotations

import re

from prorl.tasks.math.finished import finished

LONGEST = 300
"""Characters of one expression."""

_MOST_SIGNS = 40
_DIGITS = 40
_POWER = 9_999

_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)")
_FREE_LETTER = re.compile(r"(?<!\\)(?<![A-Za-z])[A-Za-z]+")
_ALLOWED = frozenset(
    r"""
    \frac \sqrt \pi \cdot \times \div \infty \circ \binom \pm \le \ge \lt \gt \ne \in
    \alpha \beta \gamma \delta \epsilon \theta \lambda \mu \nu \xi \rho \sigma \tau \phi \varphi \psi \omega
    \Delta \Gamma \Omega
    """.split()  # noqa: SIM905
)
_FUNCTIONS = frozenset(
    r"\sin \cos \tan \cot \sec \csc \arcsin \arccos \arctan \sinh \cosh \tanh \ln \log \exp".split()  # noqa: SIM905
)
_EVALUATED = frozenset(["e", "i"])
"""Letters that are numbers."""

_FACTORIAL = re.compile(r"(?P<of>[0-9]*)\s*!")
_BINOMIAL = re.compile(r"\\binom\s*\{\s*[0-9]{1,4}\s*\}\s*\{\s*[0-9]{1,4}\s*\}")


def admissible(answer: str, gold: str, gold_is_rational: bool) -> bool:
    """Whether an expression may be compared with the right one, by what it is made of.

    Only what a finished answer is written with: what `comparable` allows, and of that nothing that is left to work
    out (`finished`).
    """
    return comparable(answer, gold, gold_is_rational) and finished(answer, gold, gold_is_rational)


def comparable(answer: str, gold: str, gold_is_rational: bool) -> bool:
    """Whether comparing an expression with the right one works nothing out that would take long or is the question.

    No command, variable or function that the right answer doesn't need (so no integrals, limits and sums), no function
    where the right answer is a rational number, no towers of powers, no large powers, factorials or binomials. No
    words in either: an equivalence would take them for units.
    """
    if r"\text" in gold:
        return False
    if len(answer) > LONGEST or not answer.isascii() or sum(map(answer.count, "+-*/^")) > _MOST_SIGNS:
        return False
    commands = set(_COMMAND.findall(answer)) - set(_COMMAND.findall(gold))
    if not commands <= (_ALLOWED if gold_is_rational else _ALLOWED | _FUNCTIONS):
        return False
    if not _letters(answer) <= _letters(gold) | _EVALUATED:
        return False
    return _small(answer)


def copied(answer: str, gold: str, question: str) -> bool:
    """Whether an answer repeats an expression of the question instead of working it out."""
    bare = _bare(answer)
    signs = re.search(r"[0-9A-Za-z})!][-+*/^!]|\\(?:times|cdot|div|binom)", bare)
    return bool(signs) and bare != _bare(gold) and bare in _bare(question)


def _letters(text: str) -> set[str]:
    """Variables: of letters in a row each counts."""
    return {letter for run in _FREE_LETTER.findall(re.sub(r"\\[A-Za-z]+", " ", text)) for letter in run}


def _small(text: str) -> bool:
    """Whether all that has to be evaluated stays small."""
    if re.search(rf"[0-9]{{{_DIGITS},}}", text) or re.search(r"!\s*!|[)}]\s*!", text):
        return False
    if any(len(found["of"]) > 3 for found in _FACTORIAL.finditer(text)):
        return False
    if text.count(r"\binom") != len(_BINOMIAL.findall(text)):
        return False
    return all(_small_power(text, place) for place, sign in enumerate(text) if sign == "^")


def _small_power(text: str, place: int) -> bool:
    """Whether what follows a `^` is neither another power nor a large number, and what precedes it no long number."""
    exponent = _argument(text[place + 1 :].lstrip())
    if "^" in exponent or "!" in exponent or re.match(r"\s*(?:\{[^{}]*\}|[A-Za-z0-9])\s*\^", text[place + 1 :]):
        return False
    if re.search(r"\^\s*\{?[0-9]+\}?\s*[)}]\s*$", text[:place]):
        return False
    return all(int(digits) <= _POWER for digits in re.findall("[0-9]+", exponent))


def _argument(text: str) -> str:
    """The braces that a text begins with, with what they hold, or else its first character."""
    if not text.startswith("{"):
        return text[:1]
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if not depth:
            return text[: place + 1]
    return text


def _bare(text: str) -> str:
    return re.sub(r"[\s{}$]|\\left|\\right|\\[,;!:]", "", text.replace(r"\dfrac", r"\frac"))
