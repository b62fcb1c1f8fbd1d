"""What a person sees while a run goes on: a live view on a terminal, plain lines anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

Values = Mapping[str, float | int | str]
AT_MOST = "≤"
"""Stands before what is less if a stage ends before its steps are up."""


class Progress(Protocol):
    """What the loop tells. No call may fail for what it is told: a missing metric is shown as missing."""

    def start(self, run_info: Values) -> None:
        """The run begins: `run` (its folder's name), `recipe`, `model`, `total_steps`, what else is worth a line.

        If it goes on from a checkpoint, `done_steps` are behind it.
        """

    def phase(self, name: str, done: int = 0, total: int = 0) -> None:
        """What is going on within the step, e.g. ("sampling", 96, 192). A total of 0 means it can't be counted."""

    def step(
        self, metrics: Values, timings: Values, stage: str, step: int, total_steps: int, eta_seconds: float | None,
        at_most: bool = False,
    ) -> None:  # fmt: skip
        """A step is done. The metrics and timings are those of `run.metrics`.

        `at_most`: a stage may end before its steps are up, so neither total nor time can be more than that.
        """

    def event(self, text: str) -> None:
        """Something a person should know: a reset, a checkpoint, a warning."""

    def stop(self) -> None:
        """The run is over, or is about to print something itself. Safe to call twice."""


class PlainProgress:
    """One line a step and an event, no control codes: for log files and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def start(self, run_info: Values) -> None:
        """Print the run's facts on one line."""
        self._line("  ".join(f"{name}={value}" for name, value in run_info.items()))

    def phase(self, name: str, done: int = 0, total: int = 0) -> None:
        """Say nothing: phases are for eyes that are watching."""

    def step(
        self, metrics: Values, timings: Values, stage: str, step: int, total_steps: int, eta_seconds: float | None,
        at_most: bool = False,
    ) -> None:  # fmt: skip
        """Print the step's line."""
        shown = [f"{label} {number(metrics.get(name), digits)}" for name, label, digits in SHOWN]
        speed = f"{number(timings.get('tokens_per_second'), 0)} tok/s"
        width = len(str(total_steps))
        bound = AT_MOST * at_most
        where, rest = f"step {step:>{width}}/{bound}{total_steps}", f"eta {bound}{duration(eta_seconds)}"
        self._line("  ".join([where, f"stage {stage}", *shown, speed, rest]))

    def event(self, text: str) -> None:
        """Print the event on a line of its own."""
        self._line(f"* {text}")

    def stop(self) -> None:
        """Nothing is open."""

    def _line(self, text: str) -> None:
        self._console.out(text, highlight=False)


SHOWN = (
    ("reward", "reward", 3),
    ("solved", "solved", 3),
    ("entropy", "entropy", 3),
    ("kl", "kl", 4),
    ("length_mean", "length", 1),
)
"""Metric, label, digits: what both views show of a step."""


def make_progress(console: Console) -> Progress:
    """The live view if `console` is a terminal that can redraw, else plain lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        from prorl.run.progress_live import LiveProgress

        return LiveProgress(console)
    return PlainProgress(console)


def number(value: float | int | str | None, digits: int) -> str:
    """A metric as text; a dash when there is none."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}" if isinstance(value, int | float) else value


def duration(seconds: float | None) -> str:
    """Seconds as 45s, 3m05s or 2h07m; a dash when unknown."""
    if seconds is None or seconds != seconds or seconds in (float("inf"), float("-inf")):
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
