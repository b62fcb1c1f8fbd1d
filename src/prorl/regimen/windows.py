"""A sliding window over one metric of the steps, with what later windows are held against."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from statistics import fmean, mean
from typing import Any


class Window:
    """The last `size` observed values of a metric.

    A step may lack a value: one without an update has no KL. Such steps are passed over, but not for ever. A window is
    full while its `size` values all belong to the last 2 * `size` steps; older ones say nothing of the present.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.baseline: float | None = None
        """Mean of the first full window before this one. A mean that is not positive and finite can't be multiplied by
        a factor and still mean anything, so it is no baseline; the next one is asked."""
        self.best: float | None = None
        """Highest finite mean of a full window, this one included."""
        self._changes, self._squares, self._largest = 0, 0.0, 0.0
        self._values: deque[tuple[int, float]] = deque(maxlen=size)
        self._mean = math.nan

    def observe(self, step: int, value: float) -> None:
        """Take a value. NaN is not a value; an infinite one is."""
        # The baseline is settled one value late, so that no window is ever its own baseline.
        before = None if self.last is None else self.mean(self.last)
        if self.baseline is None and before is not None and 0.0 < before < math.inf:
            self.baseline = before
        change = value - self._values[-1][1] if self._values else math.nan
        if math.isfinite(change):
            self._changes, self._squares = self._changes + 1, self._squares + change * change
            self._largest = max(self._largest, change * change)
        self._values.append((step, value))
        self._mean = _mean([value for _, value in self._values])
        now = self.mean(step)
        if now is not None and math.isfinite(now):
            self.best = now if self.best is None else max(self.best, now)

    def mean(self, step: int) -> float | None:
        """Mean of the window as seen after `step`; None if it isn't full. One infinite value makes it infinite."""
        full = len(self._values) == self.size and self._values[0][0] > step - 2 * self.size
        return self._mean if full else None

    @property
    def noise(self) -> float:
        """Standard deviation of a value about its level, 0 where nothing is known of it.

        It comes from the changes from each value to the next, so that a level that moved widens it little (von Neumann,
        "Distribution of the ratio of the mean square successive difference to the variance", 1941), and without the
        largest of them, so that one jump doesn't widen it at all.
        """
        if self._changes < 2:
            return 0.0
        if math.isinf(self._squares):
            return math.inf
        return math.sqrt(max(0.0, self._squares - self._largest) / (2 * (self._changes - 1)))

    @property
    def last(self) -> int | None:
        """Step of the newest value."""
        return self._values[-1][0] if self._values else None

    @property
    def span(self) -> str:
        """Which steps the values belong to, for a person; there must be a value."""
        first, last = self._values[0][0], self._values[-1][0]
        if self.size == 1:
            return f"in step {last}"
        if last - first + 1 == len(self._values):
            return f"in the mean of steps {first}-{last}"
        return f"in the mean of {len(self._values)} of the steps {first}-{last}"

    def state_dict(self) -> dict[str, Any]:
        """Everything observed, as strict JSON: an infinite value is written as a string."""
        return {
            "size": self.size,
            "baseline": self.baseline,
            "best": self.best,
            "values": [[step, _in_json(value)] for step, value in self._values],
            "changes": self._changes,
            "squares": _in_json(self._squares),
            "largest": _in_json(self._largest),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Window:
        """The window that `state_dict` was taken from. KeyError if something is missing from it."""
        window = cls(state["size"])
        window.baseline, window.best = state["baseline"], state["best"]
        window._values.extend((step, float(value)) for step, value in state["values"])
        window._mean = _mean([value for _, value in window._values])
        # States of earlier versions lack these; then nothing is known of the noise yet.
        window._changes = state.get("changes", 0)
        window._squares, window._largest = (float(state.get(name, 0.0)) for name in ("squares", "largest"))
        return window


def _in_json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _mean(values: list[float]) -> float:
    """Infinite if any value is, and upwards if any is that; NaN for no values."""
    for infinite in (math.inf, -math.inf):
        if infinite in values:
            return infinite
    try:
        return fmean(values) if values else math.nan
    except OverflowError:  # the sum is beyond the largest float; fractions have no largest
        return mean(values)
