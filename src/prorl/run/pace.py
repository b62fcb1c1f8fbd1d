"""How long the rest of a run will take, judged by its last steps."""

from __future__ import annotations

from collections import deque
from statistics import median


class Pace:
    """Remembers the last steps; a few slow ones don't upset it."""

    def __init__(self, total_steps: int, memory: int = 15) -> None:
        self._total = total_steps
        self._last: deque[float] = deque(maxlen=memory)

    def eta(self, step: int, seconds: float) -> float:
        """Seconds until the last step, once `step` took `seconds`."""
        self._last.append(seconds)
        return median(self._last) * (self._total - step)
