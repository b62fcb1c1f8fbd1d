"""Several boxes at the end of a completion that together hold one list."""

from __future__ import annotations

import re

_BOX = re.compile(r"\\f?boxed\s*\{")
_BRACE = re.compile(r"[{}]")
_LONGEST = 60
"""Characters between two boxes that are looked at."""

_MARKS = re.compile(r"\\[()\[\],;:! ]|\\q?quad(?![A-Za-z])|\\text(?![A-Za-z])|[$*{}]")
"""What is only for the eye, and what begins and ends formulas."""

_NAME = r"(?P<name>[A-Za-z](?:_[0-9A-Za-z])?) ?="
_BETWEEN = re.compile(rf"(?:[,;]|[,;]? ?(?:and|or))(?: ?{_NAME})?")
_BEFORE = re.compile(rf"(?<![A-Za-z\\]){_NAME}$")


def joined(text: str) -> list[str]:
    r"""What `x = \boxed{1}$ or $x = \boxed{2}` holds: `x = 1` and `x = 2`. One if the last box is joined to no other.

    Boxes are joined by `and`, `or`, a comma or a semicolon. What is boxed twice counts once, an empty box not at all;
    none if there is no box with balanced braces. Linear in the text.
    """
    boxes, parts = _boxes(text), []
    for place in reversed(range(len(boxes))):
        start, begin, end = boxes[place]
        gap = start - boxes[place - 1][2] - 1 if place else -1
        between = _BETWEEN.fullmatch(_plain(text[start - gap : start])) if 0 <= gap <= _LONGEST else None
        named = between or _BEFORE.search(_plain(text[max(0, start - _LONGEST) : start]))
        parts.append((named["name"] if named else None, text[begin:end].strip()))
        if not between:
            break
    several = len(parts) > 1
    found = [f"{name} = {inside}" if name and several else inside for name, inside in reversed(parts) if inside]
    return list(dict.fromkeys(found))


def _boxes(text: str) -> list[tuple[int, int, int]]:
    """Where each box with balanced braces starts, where what it holds begins, and where that ends; in their order."""
    starts = {found.end(): found.start() for found in _BOX.finditer(text)}
    still_open: list[int] = []
    boxes = []
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            still_open.append(brace.end())
        elif still_open and (begin := still_open.pop()) in starts:
            boxes.append((starts[begin], begin, brace.start()))
    return sorted(boxes)


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text).split())
