"""Whether the steps of a completion hold: every chain of equations between plain numbers in it, worked out exactly.

A correct answer can stand under reasoning that is wrong. What a generated task can check without a judge is the
arithmetic that is written down: in `So 3 \\cdot 4 = 12 = 10 + 2.` both equations hold, in `3 + 4 = 8` one doesn't. What
holds a name, a unit or a word beside its numbers is passed over, since it can mean anything.
"""

from __future__ import annotations

import re
from itertools import pairwise

from prorl.tasks.arithmetic import NotArithmetic, plain, value

LONGEST = 200
"""Characters of one side of an equation; a longer one is passed over."""

_BODY = r"[\d.+\-*/^()\s]"
_BEFORE = re.compile(rf"(?:^|[\0\n:;,?!]|\.\s|(?<![A-Za-z])[A-Za-z]{{2,}}\s)(\s*{_BODY}+)$")
"""A left side: from the beginning of a line or a formula, or after a word, up to the sign of equality."""
_AFTER = re.compile(rf"({_BODY}+?)\.?(?=$|[\0\n:;,?!]|\s[A-Za-z]{{2,}})")
"""A right side: up to the end of a line or a formula, or to the next word."""
_RELATIONS = {
    "of", "mod", "times", "plus", "minus", "over", "by", "than", "choose", "percent", "base", "root", "log", "sqrt",
    "sum", "difference", "and", "from", "to", "with",
}  # fmt: skip
"""Words that belong to the numbers after them."""
_MARKER = re.compile(r"^\s*(?:\d+[.)]|[A-Za-z][.)]|[*•])\s+")
"""Of an item of a list."""
_DASH = re.compile(r"^\s*-\s+")
"""Either marks an item of a list or is the sign of its first number."""


_REST = re.compile(r"[^\n;.?!]{0,80}\b(?:remainder|rest|left|full|whole)\b", re.IGNORECASE)
"""After a quotient that is no whole number: what it leaves is told in words."""
_ROUNDED = re.compile(r"[^\n;.?!\w]*rounded\b", re.IGNORECASE)


def equations_hold(text: str) -> bool | None:
    """False if an equation between plain numbers in `text` is wrong; True if there are some and all hold; None if none.

    A decimal with two places or more may be rounded in its last one. What is wrong is passed over where the words after
    it say that it is rounded or that the division leaves a rest.
    """
    text = plain(text)
    found = False
    for line in text.split("\n"):
        parts = _MARKER.sub("", line).split("=")
        for place, (left, right) in enumerate(pairwise(parts)):
            given, wanted = _left(left, inner=place > 0), _right(right, inner=place + 2 < len(parts))
            if given is None or wanted is None or not (place or _has_operator(given) or _has_operator(wanted)):
                continue
            readings = [_equal(given, wanted)]
            if place == 0 and _DASH.match(left):
                readings.append(_equal(_DASH.sub("", left), wanted))
            if False in readings and True not in readings and not _says_more(given, right):
                return False
            found = found or True in readings
    return True if found else None


def _left(text: str, inner: bool) -> str | None:
    """The side that stands before a sign of equality; `inner` if one stands before it, too."""
    if inner and re.fullmatch(rf"{_BODY}+", text):
        return _short(text)
    found = _BEFORE.search(text[-LONGEST - 20 :])
    if found is None:
        return None
    word = re.search(r"([A-Za-z]+)\s+$", text[: len(text) - len(found[1])])
    return None if word and word[1].lower() in _RELATIONS else _short(found[1])


def _right(text: str, inner: bool) -> str | None:
    """The side that stands after a sign of equality; `inner` if another sign follows it."""
    if inner and re.fullmatch(rf"{_BODY}+", text):
        return _short(text)
    found = _AFTER.match(text[: LONGEST + 20])
    return _short(found[1]) if found else None


def _says_more(given: str, right: str) -> bool:
    """Whether the words after a right side say that it is not all that the left one comes to."""
    found = _AFTER.match(right[: LONGEST + 20])
    if found is None:
        return False
    end = found.end(1)
    return bool(_ROUNDED.match(right, end) or ("/" in given and _REST.match(right, end)))


def _short(side: str) -> str | None:
    side = side.strip()
    return side if 0 < len(side) <= LONGEST and any(c.isdigit() for c in side) else None


def _has_operator(side: str) -> bool:
    return any(sign in side.lstrip("+-( ") for sign in "+-*/^")


def _equal(left: str, right: str) -> bool | None:
    """Whether both sides have the same value; None if one has none."""
    try:
        one, other = value(left), value(right)
    except NotArithmetic:
        return None
    return one == other or any(
        places >= 2 and 2 * abs(one - other) * 10**places <= 1
        for side in (left, right)
        if (decimal := re.fullmatch(r"-?\s*\d*\.(\d+)", side)) and (places := len(decimal[1]))
    )
