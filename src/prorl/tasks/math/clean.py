"""The text of an answer in one spelling: of LaTeX's many ways to write the same thing one is left."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

LONGEST = 1_000
"""Characters of an answer that is looked at; what is longer is no answer."""

_SIGNS = {
    "−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": "/", "π": r"\pi ", "∞": r"\infty ",
    "∪": r"\cup ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "°": r"^\circ ",
    "≈": r"\approx ", "≡": r"\equiv ", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}", "∈": r"\in ",
    "ℝ": r"\mathbb{R}", "θ": r"\theta ", "’": "'", "“": '"', "”": '"', "\u00a0": " ", "\u2009": " ", "\u202f": " ",
}  # fmt: skip

_RAISED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = str.maketrans(_RAISED + _LOWERED, "0123456789+-n0123456789")
_SHIFTED = re.compile(f"(?P<raised>[{_RAISED}]+)|[{_LOWERED}]+")
"""Exponents and indices that are characters of their own."""

# In this order. A control word ends where its letters end, so each is matched with (?![A-Za-z]).
_REWRITES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"\\\$|(?<!\\)\\[()\[\]]|\$"), ""),
    (re.compile(r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits|boldsymbol)(?![A-Za-z])\.?"), ""),
    (re.compile(r"(?<=[0-9])(?:\{,\}|\\,|\\!,|,\\!)(?=[0-9]{3}(?![0-9]))"), ","),
    (re.compile(r"\\!"), ""),
    (re.compile(r"(?<!\\)\\[,;: ]|~|\\q?quad(?![A-Za-z])"), " "),
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\(?:mathrm|mathit|mathbf|textbf|textit|textrm|mbox|operatorname\*?)(?=\s*\{)"), r"\\text"),
    (re.compile(r"\\text\s*\{\s*([eidx])\s*\}"), r"\1"),
    (re.compile(r"(?:\^\s*)?(?:\{\s*\\degree\s*\}|\\degree(?![A-Za-z]))"), r"^\\circ "),
    (re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)"), r"^\\circ "),
    (re.compile(r"\\(?:leq|leqslant)(?![A-Za-z])"), r"\\le"),
    (re.compile(r"\\(?:geq|geqslant)(?![A-Za-z])"), r"\\ge"),
    (re.compile(r"\\neq(?![A-Za-z])"), r"\\ne"),
    (re.compile(r"\\lbrace(?![A-Za-z])"), r"\\{"),
    (re.compile(r"\\rbrace(?![A-Za-z])"), r"\\}"),
    (re.compile(r"\\[lr]brack(?![A-Za-z])"), lambda found: "[" if found[0][1] == "l" else "]"),
    (re.compile(r"\\(?:mid|lvert|rvert)(?![A-Za-z])"), "|"),
    (re.compile(r"\\langle(?![A-Za-z])"), "⟨"),
    (re.compile(r"\\rangle(?![A-Za-z])"), "⟩"),
    (re.compile(r"\^\s*(?:\{(?:\s*\\prime)+\s*\}|\\prime(?![A-Za-z]))"), lambda found: "'" * found[0].count("prime")),
    (re.compile(r"√\s*(?:([0-9]+(?:\.[0-9]+)?|[a-z])|\(([^()]*)\))"), r"\\sqrt{\1\2}"),
    (re.compile(r"√"), r"\\sqrt"),
    (re.compile(r"\\frac\s*([0-9a-z])\s*([0-9a-z])"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac\s*([0-9a-z])\s*(?=\{)"), r"\\frac{\1}"),
    (re.compile(r"(\\frac\s*\{[^{}]*\})\s*([0-9a-z])"), r"\1{\2}"),
    (re.compile(r"\\frac\s*(\\[a-z]+)\s*(?:([0-9a-z])|\{([^{}]*)\})"), r"\\frac{\1}{\2\3}"),
    (re.compile(r"\\sqrt\s*([0-9a-z])"), r"\\sqrt{\1}"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\s+"), " "),
]  # fmt: skip
_REWRITTEN = re.compile(r"[\\${~√^\s]")
"""One of these is in all that is rewritten."""

OPENING, CLOSING = "([{⟨", ")]}⟩"
"""Brackets; the pointed ones stand for LaTeX's, and not for `<` and `>`."""


def clean(answer: str) -> str | None:
    """The answer in one spelling; None if it is no answer: empty, over `LONGEST` characters, with characters that
    can't be seen (controls, marks of writing direction, zero-width ones), or with brackets that don't pair up.

    Linear in the length of the answer.
    """
    if len(answer) > LONGEST:
        return None
    text = "".join(_SIGNS.get(sign, sign) for sign in answer.replace("\n", " ").replace("\t", " "))
    text = _SHIFTED.sub(lambda found: f"{'^' if found['raised'] else '_'}{{{found[0].translate(_PLAIN)}}}", text)
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        return None
    for pattern, instead in _REWRITES if _REWRITTEN.search(text) else ():
        text = pattern.sub(instead, text)
    text = text.strip().rstrip(".,;: ").strip()
    return text if text and balanced(text) else None


def balanced(text: str) -> bool:
    """Whether brackets pair up: braces with braces, round and square ones with each other, as in `(1, 2]`."""
    still_open: list[bool] = []
    for sign in text.replace("\\\\", ""):
        if sign in OPENING:
            still_open.append(sign == "{")
        elif sign in CLOSING and (not still_open or still_open.pop() != (sign == "}")):
            return False
    return not still_open


def split(text: str, at: str) -> list[str]:
    """The parts between those places outside of all brackets where the text goes on with `at`. At least one part."""
    parts, begin, depth, place = [], 0, 0, 0
    while place < len(text):
        if not depth and text.startswith(at, place):
            parts.append(text[begin:place].strip())
            place = begin = place + len(at)
            continue
        depth += (text[place] in OPENING) - (text[place] in CLOSING)
        place += 1
    return [*parts, text[begin:].strip()]
