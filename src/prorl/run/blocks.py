"""Curves made of block characters, for terminals."""

from __future__ import annotations

import math
from collections.abc import Sequence

BARS = " ▁▂▃▄▅▆▇█"


def columns(steps: Sequence[int], values: Sequence[float | None], last: int, width: int) -> list[float | None]:
    """Values by step as `width` columns over the steps 1 to `last`: means of many, or one drawn wide; None for none."""
    if last < 1 or width < 1:
        return []
    known = {step: value for step, value in zip(steps, values, strict=True) if value is not None}
    found: list[float | None] = []
    for column in range(width):
        first = 1 + column * last // width
        beyond = max(first + 1, 1 + (column + 1) * last // width)
        inside = [known[step] for step in range(first, beyond) if step in known]
        found.append(sum(inside) / len(inside) if inside else None)
    return found


def drawn(
    values: Sequence[float | None], height: int = 1, low: float | None = None, high: float | None = None
) -> list[str]:
    """`values` as `height` lines of bars, the top one first, between `low` and `high` (their own extremes)."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return [" " * len(values)] * height
    bottom, top = min(known) if low is None else low, max(known) if high is None else high
    levels = [None if v is None else 1 + round(_share(v, bottom, top) * (8 * height - 1)) for v in values]
    lines = []
    for row in reversed(range(height)):
        lines.append("".join(" " if level is None else BARS[min(8, max(0, level - 8 * row))] for level in levels))
    return lines


def _share(value: float, bottom: float, top: float) -> float:
    """Where `value` lies between the two, from 0 to 1; 0 where there is nothing between them."""
    if not math.isfinite(value):
        return 1.0 if value > 0 else 0.0
    return min(1.0, max(0.0, (value - bottom) / (top - bottom))) if top > bottom else 0.0
