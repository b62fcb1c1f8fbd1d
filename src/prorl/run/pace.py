"""How long the rest of a run will take, judged by its last steps."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median


class Pace:
    """Remembers the last steps; a few slow ones don't upset it."""

    def __init__(self, memory: int = 15) -> None:
        self._last: deque[float] = deque(maxlen=memory)

    def eta(self, steps_left: int, seconds: float) -> float:
        """Seconds that so many steps will take, once the last one took `seconds`."""
        self._last.append(seconds)
        return median(self._last) * steps_left


class Between:
    """Seconds of what happens between steps, which the next step's timings tell."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def spent(self, name: str) -> Iterator[None]:
        """Count the time inside as `<name>_seconds`."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - began

    def take(self) -> dict[str, float]:
        """What was spent since this was last asked."""
        taken = {f"{name}_seconds": seconds for name, seconds in self._seconds.items()}
        self._seconds.clear()
        return taken
