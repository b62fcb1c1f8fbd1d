"""Inequalities of one variable as the intervals in which it is."""

from __future__ import annotations

import re

from prorl.tasks.math.scalars import scalar
from prorl.tasks.math.structure import Group, Named

_SIGN = re.compile(r"<|>|\\(?:le|ge|lt|gt)(?![A-Za-z])")
_VARIABLE = re.compile(r"[A-Za-z]|\\(?:alpha|beta|theta|lambda|mu|phi|omega)")
_OR = re.compile(r" ?,? ?(?:\\text ?\{ ?,? ?or ?\}|(?<![A-Za-z\\])or(?![A-Za-z])|\\(?:lor|vee)(?![A-Za-z])) ?")


def between(text: str) -> Named | None:
    """`x > 1` and `1 < x \\le 2` as the interval in which x is; None for anything else."""
    signs, parts = _SIGN.findall(text), [part.strip() for part in _SIGN.split(text)]
    if len(parts) not in (2, 3) or len({sign in (">", r"\ge", r"\gt") for sign in signs}) > 1 or not all(parts):
        return None
    if signs[0] in (">", r"\ge", r"\gt"):
        signs, parts = signs[::-1], parts[::-1]
    name = 1 if len(parts) == 3 else next((place for place in (0, 1) if _VARIABLE.fullmatch(parts[place])), 2)
    if name > 1 or not _VARIABLE.fullmatch(parts[name]):
        return None
    low = scalar(parts[name - 1] if name else r"-\infty")
    high = scalar(parts[name + 1] if name + 1 < len(parts) else r"\infty")
    left = "[" if name and signs[0] in (r"\le", r"\ge") else "("
    right = "]" if name + 1 < len(parts) and signs[-1] in (r"\le", r"\ge") else ")"
    return Named(parts[name], Group(left + right, (low, high)), text)


def either(text: str) -> Named | None:
    """`x < 1 \\text{ or } x > 2` as the union of intervals in which x is; None for anything else."""
    found = [between(part) for part in _OR.split(text)]
    parts = [part for part in found if part is not None]
    if len(found) < 2 or len(parts) < len(found) or len({part.name for part in parts}) > 1:
        return None
    return Named(parts[0].name, Group("U", tuple(part.value for part in parts)), text)
