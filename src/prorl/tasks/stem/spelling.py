"""What LaTeX and Markdown put around words and numbers taken off, and raised signs written as powers."""

from __future__ import annotations

import re

WITHIN_BRACES = r"(?:[^{}]|\{[^{}]*\})*"
"""What braces may hold: anything with at most one more level of braces."""

_WRAPPED = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal|up)?|math(?:bf|it|rm|sf|tt|normal)|boldsymbol|bm|mbox|operatorname\*?)"
    rf"\s*\{{({WITHIN_BRACES})\}}"
)
_DEEPEST = 3

_BOLD = re.compile(r"\*\*(.+)\*\*", re.DOTALL)

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_LOWERED = str.maketrans(_RAISED, "0123456789+-")

_MARKS = re.compile(r"\\[()\[\]]|\$|\*\*")
_SPACES = re.compile(r"\\[,;:! ]|~|\s+")


def unwrapped(text: str) -> str:
    r"""Without `\text{…}`, `\mathbf{…}` and the like up to three deep, and without `{}`; what they hold stays.

    Asterisks go if they are around the whole. Linear in the length of the text.
    """
    for _ in range(_DEEPEST):
        text = _WRAPPED.sub(r" \1 ", text)
    text = re.sub(r"\{\s*\}", "", text)
    bold = _BOLD.fullmatch(text.strip())
    return bold[1] if bold else text


def with_powers(text: str) -> str:
    """`10⁻⁴` as `10^{-4}`, and the one-sign `℃` as two."""
    text = text.replace("℃", "°C").replace("℉", "°F")
    return re.sub(f"[{_RAISED}]+", lambda found: f"^{{{found[0].translate(_LOWERED)}}}", text)


def plain(text: str) -> str:
    r"""Words and numbers without what sets them, `$3 \times 10^{8}\ \text{m}$` as `3 × 10^8 m`.

    Linear in the length of the text.
    """
    text = _SPACES.sub(" ", _MARKS.sub("", unwrapped(with_powers(text))))
    text = re.sub(r"\\times(?![A-Za-z])", "×", text).replace(r"\%", "%").replace("−", "-")
    return " ".join(re.sub(r"\^\{ ?([+-]?[0-9]+) ?\}", r"^\1", text).split())
