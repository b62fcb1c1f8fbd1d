"""Ctrl-C as a request: finish the step, checkpoint, leave. Twice means now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self


class Interrupt:
    """While entered, the first SIGINT or SIGTERM sets `requested`; the second raises KeyboardInterrupt."""

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self.requested = False
        self._told = told
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self._told()
