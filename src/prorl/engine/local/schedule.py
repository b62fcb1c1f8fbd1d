"""How a step's work is dealt out to its optimizer updates, and how large each update's rate is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from prorl.recipe.objective import Optimizer

T = TypeVar("T")


def deal(items: Sequence[T], updates: int) -> list[Sequence[T]]:
    """The items in `updates` parts, in order, as even as can be; fewer parts when there are fewer items."""
    parts = min(updates, len(items))
    bounds = [round(part * len(items) / parts) for part in range(parts + 1)]
    return [items[low:high] for low, high in pairwise(bounds)]


def warm_up(settings: Optimizer, warmed: float, updates: int) -> float:
    """Share of the warm-up that is done with one more update, of the `updates` of its step; `warmed` was done before.

    It only grows: settings that change after the warm-up begin no other one.
    """
    return min(1.0, warmed + 1 / (settings.warmup_steps * updates)) if settings.warmup_steps else 1.0
