"""The live terminal view: redrawn in place, fits 80×24, and takes what room there is."""

from __future__ import annotations

import itertools
import math
import time
from collections import deque
from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from prorl.run.progress import AT_MOST, Values, duration, number

CURVES = (
    ("reward", "reward", 3, "green"),
    ("solved", "solved share", 3, "green"),
    ("entropy", "entropy", 3, "cyan"),
    ("kl", "KL to reference", 4, "magenta"),
    ("length_mean", "completion length", 1, "blue"),
)
_BARS = "▁▂▃▄▅▆▇█"


class LiveProgress:
    """Shows a run on a terminal, redrawn four times a second. The last picture stays when it stops."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(self, console=console, refresh_per_second=4, transient=False, vertical_overflow="crop")
        self._info: dict[str, str] = {}
        self._history: dict[str, list[float]] = {name: [] for name, *_ in CURVES}
        self._events: deque[tuple[str, str]] = deque(maxlen=50)
        self._metrics: Values = {}
        self._timings: Values = {}
        self._stage = "–"
        self._step, self._total = 0, 0
        self._bound = ""
        self._eta: float | None = None
        self._eta_at = 0.0
        self._phase: tuple[str, int, int] | None = None
        self._began = time.monotonic()

    def start(self, run_info: Values) -> None:
        """Open the view. `total_steps` of the facts becomes the bar's length, `done_steps` how far it is filled."""
        counted = ("done_steps", "total_steps")
        self._info = {name: str(value) for name, value in run_info.items() if name not in counted}
        self._step, self._total = (int(run_info.get(name, 0)) for name in counted)
        self._began = time.monotonic()
        self._live.start(refresh=True)

    def phase(self, name: str, done: int = 0, total: int = 0) -> None:
        """Show what the step is busy with."""
        self._phase = (name, done, total)

    def step(
        self, metrics: Values, timings: Values, stage: str, step: int, total_steps: int, eta_seconds: float | None,
        at_most: bool = False,
    ) -> None:  # fmt: skip
        """Take over the numbers of a finished step."""
        self._metrics, self._timings = dict(metrics), dict(timings)
        self._stage, self._step, self._total, self._bound = stage, step, total_steps, AT_MOST * at_most
        self._eta, self._eta_at = eta_seconds, time.monotonic()
        self._phase = None
        for name, history in self._history.items():
            value = metrics.get(name)
            if isinstance(value, int | float) and math.isfinite(value):
                history.append(float(value))

    def event(self, text: str) -> None:
        """Add a line to the list of events."""
        self._events.append((time.strftime("%H:%M:%S"), text))

    def stop(self) -> None:
        """Draw the last state and give the terminal back."""
        self._phase = None
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The whole view for the room there is."""
        top = [self._headline(), self._bar(), Text()]
        middle = [self._curves(options.max_width), Text(), self._counts()]
        used = len(top) + len(CURVES) + 2 + 2 + 1
        room = max(2, min(len(self._events), console.size.height - used - 1))
        yield Panel(Group(*top, *middle, *self._last_events(room)), title="prorl", title_align="left", padding=(0, 1))

    def _headline(self) -> RenderableType:
        text = Text(no_wrap=True, overflow="ellipsis")
        for name, value in self._info.items():
            text.append(f"{name} ", style="dim").append(f"{value}   ")
        return text

    def _bar(self) -> RenderableType:
        eta = None if self._eta is None else self._eta - (time.monotonic() - self._eta_at)
        line = Table.grid(padding=(0, 2, 0, 0), expand=True)
        line.add_column(no_wrap=True)
        line.add_column(ratio=1)
        line.add_column(no_wrap=True, justify="right")
        steps = f"{self._step}/{self._bound}{self._total}"
        left = Text.assemble(("step ", "dim"), steps, ("  stage ", "dim"), self._stage)
        elapsed = duration(time.monotonic() - self._began)
        right = Text.assemble(
            ("elapsed ", "dim"),
            elapsed,
            ("  ETA ", "dim"),
            self._bound,
            duration(None if eta is None else max(eta, 0.0)),
        )
        line.add_row(left, ProgressBar(total=max(self._total, 1), completed=self._step), right)
        return line

    def _curves(self, width: int) -> RenderableType:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(no_wrap=True, justify="right", min_width=8)
        grid.add_column(no_wrap=True)
        room = max(8, width - 36)
        for name, label, digits, colour in CURVES:
            line = sparkline(self._history[name], room)
            grid.add_row(label, number(self._metrics.get(name), digits), Text(line, style=colour))
        return grid

    def _counts(self) -> RenderableType:
        text = Text(no_wrap=True, overflow="ellipsis")
        speed = number(self._timings.get("tokens_per_second"), 0)
        seconds = number(self._timings.get("seconds"), 1)
        text.append("now ", style="dim").append(f"{self._doing():<20}  ")
        text.append("tokens/s ", style="dim").append(f"{speed}  ")
        text.append("s/step ", style="dim").append(f"{seconds}  ")
        text.append("effective ", style="dim").append(number(self._metrics.get("effective_prompts"), 2))
        return text

    def _doing(self) -> str:
        if self._phase is None:
            return "–"
        name, done, total = self._phase
        return f"{name} {done}/{total}" if total else name

    def _last_events(self, room: int) -> list[RenderableType]:
        shown = list(self._events)[-room:]
        return [Text.assemble((f"{at}  ", "dim"), what, no_wrap=True, overflow="ellipsis") for at, what in shown]


def sparkline(values: Sequence[float], width: int) -> str:
    """`values` as at most `width` bars between their smallest and largest; longer histories are averaged in bins."""
    if not values:
        return ""
    if len(values) > width:
        edges = [round(i * len(values) / width) for i in range(width + 1)]
        values = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    low, high = min(values), max(values)
    if high == low:
        return _BARS[0] * len(values)
    return "".join(_BARS[round((value - low) / (high - low) * (len(_BARS) - 1))] for value in values)
