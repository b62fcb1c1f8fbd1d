"""How far a measurement has come, with the time that it will still take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from prorl.boundary.laboratory.bench import Told

LINE_SECONDS = 30.0
"""Without a terminal a line is written so often, and at the beginning and the end of everything."""


@contextmanager
def on_terminal(console: Console) -> Iterator[Told]:
    """A bar for what is going on; plain lines where there is no terminal."""
    if not console.is_terminal:
        yield _Lines(console).told
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for earlier in tasks.values():
                    bars.stop_task(earlier)
                    bars.update(earlier, visible=False)
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield told


class _Lines:
    """One line now and then."""

    def __init__(self, console: Console) -> None:
        self.console, self.what, self.since, self.began = console, "", 0.0, 0.0

    def told(self, what: str, done: int, total: int) -> None:
        """Print a line if there is something new to say."""
        now = time.monotonic()
        new = what != self.what
        if new:
            self.what, self.began = what, now
        if new or done == total or now - self.since > LINE_SECONDS:
            self.since = now
            left = (now - self.began) / done * (total - done) if done and not new else None
            amount = f" {done:,}/{total:,}" if total else ""
            eta = f", {duration(left)} left" if left else ""
            self.console.print(f"{what}{amount}{eta}", highlight=False, markup=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """Seconds as 45s, 3m05s or 2h07m."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    return f"{whole // 60}m{whole % 60:02d}s" if whole < 3600 else f"{whole // 3600}h{whole % 3600 // 60:02d}m"
