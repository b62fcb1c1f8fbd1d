"""A run on a terminal: curves over the stages, tasks, the last rollouts and events, in whatever room there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from prorl.run.blocks import columns, drawn
from prorl.run.progress import AT_MOST, duration, number
from prorl.run.watch_data import Snapshot
from prorl.run.watch_parts import event_lines, rollout_lines, task_lines

CURVES = (
    ("reward", "reward", 3, "green"),
    ("solved", "solved share", 3, "green"),
    ("validation", "validation pass@1", 3, "bright_green"),
    ("entropy", "entropy", 3, "cyan"),
    ("kl", "KL to reference", 4, "magenta"),
    ("length_mean", "completion length", 1, "blue"),
    ("effective_prompts", "informative prompts", 2, "yellow"),
    ("truncated", "cut off", 3, "red"),
    ("mismatch_kl", "mismatch KL", 5, "red"),
    ("grad_norm", "gradient norm", 2, "white"),
)
_LABEL, _VALUE, _GAP = 19, 9, 2
_LONG_PATH = 40
WIDE = 150
"""Columns from which on there are two."""
STATES = {"running": "bold green", "paused": "bold yellow", "finished": "bold", "stopped": "bold red"}


@dataclass
class View:
    """Draws one snapshot. `page` says which of the rollouts are shown first."""

    seen: Snapshot
    page: int = 0
    keys: bool = False
    """Whether to say which keys do something."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Exactly as many lines as there is room for, none longer than the terminal is wide."""
        width, height = options.max_width, options.height or console.size.height
        yield from self.lines(width, height)

    def lines(self, width: int, height: int) -> list[Text]:
        """The whole view: `height` lines of at most `width` columns."""
        top = [self._head(width), self._bar(width)]
        room = max(6, height - len(top) - 1)
        if width < WIDE:
            body = self._narrow(width, room)
        else:
            left, right = width * 11 // 20, width - width * 11 // 20 - 3
            body = _beside(self._left(left, room), self._right(right, room), left)
        hint = "q leaves   space more rollouts" if self.keys else ""
        lines = [*top, *body[:room], *[Text()] * (room - len(body)), Text(hint, style="dim")]
        return [_fitted(line, width) for line in lines]

    def _narrow(self, width: int, room: int) -> list[Text]:
        tasks = min(len(self._tasks()), 4 if room < 30 else 8)
        last = max(6, (room - tasks - 5) // 3 + 1)
        curves = room - tasks - last - 4 - 2
        lines = self._curves(width, max(3, min(curves, len(CURVES))), 1)
        lines += task_lines(self.seen, width, tasks)
        rest = room - len(lines)
        events = min(max(2, rest // 2 - 1), len(self.seen.events) or 1)
        lines += rollout_lines(self.seen, width, max(2, rest - events - 1), self.page)
        return [*lines, *event_lines(self.seen, events)]

    def _left(self, width: int, room: int) -> list[Text]:
        tall = 2 if room >= 2 * len(CURVES) + 12 else 1
        lines = self._curves(width, len(CURVES), tall)
        return [*lines, Text(), *task_lines(self.seen, width, room - len(lines) - 2)]

    def _right(self, width: int, room: int) -> list[Text]:
        events = min(len(self.seen.events), max(4, room // 3))
        shown = rollout_lines(self.seen, width, room - events - 2, self.page, long=True)
        return [*shown, *[Text()] * (room - events - 1 - len(shown)), *event_lines(self.seen, events)]

    def _tasks(self) -> list[str]:
        return sorted({key for record in self.seen.metrics[-20:] for key in record if key.startswith("solved/")})

    def _head(self, width: int) -> Text:
        seen = self.seen
        room = min(_LONG_PATH, width - len(seen.state) - _GAP - len("…"))
        path = Text(str(seen.path) if len(str(seen.path)) <= room else f"…/{seen.path.name}")
        path.truncate(room, overflow="ellipsis")
        model = seen.recipe.model.rstrip("/").rsplit("/", 1)[-1]
        return Text.assemble(
            (path.plain, "bold"), "  ", (seen.state, STATES[seen.state]), (f"  {seen.recipe.name}  {model}", "dim")
        )

    def _bar(self, width: int) -> Text:
        seen = self.seen
        bound = AT_MOST * seen.may_end_early
        left = f"step {seen.step}/{bound}{seen.total}  stage {seen.stage} "
        right = f" {duration(seen.seconds)}  ETA {bound}{duration(seen.eta)}"
        room = max(4, width - len(left) - len(right))
        full = room * min(seen.step, seen.total) // max(1, seen.total)
        return Text.assemble(left, ("━" * full, "green"), ("━" * (room - full), "bright_black"), right)

    def _curves(self, width: int, most: int, height: int) -> list[Text]:
        room = max(8, width - _LABEL - _VALUE - 2 * _GAP)
        lines: list[Text] = []
        for name, label, digits, colour in CURVES:
            steps, values = self._series(name)
            if not any(value is not None for value in values) or len(lines) >= most * height:
                continue
            rows = drawn(columns(steps, values, self.seen.step, room), height)
            newest = next((value for value in reversed(values) if value is not None), None)
            for place, row in enumerate(rows):
                bottom = place == height - 1
                named = f"{label if bottom else '':<{_LABEL}}{number(newest, digits) if bottom else '':>{_VALUE}}"
                lines.append(Text.assemble((named, ""), "  ", (row, colour)))
        return [*lines, *self._timeline(room)]

    def _series(self, name: str) -> tuple[list[int], list[float | None]]:
        records, key = (self.seen.validations, "pass_1") if name == "validation" else (self.seen.metrics, name)
        known = [(int(r["step"]), r.get(key)) for r in records if r["step"] > 0]
        values = [float(v) if isinstance(v, int | float) and v == v else None for _, v in known]
        return [step for step, _ in known], values

    def _timeline(self, room: int) -> list[Text]:
        """Stages as coloured stretches under the curves, with resets where they happened, and the stages' names."""
        last = max(1, self.seen.step)
        stages = [(e["step"], str(e["name"])) for e in self.seen.events if e["event"] == "stage"]
        line, names = Text("━" * room, style="bright_black"), Text(" " * room)
        place = [min(room - 1, step * room // last) for step, _ in stages] + [room]
        for index, (_, name) in enumerate(stages):
            colour = ("cyan", "yellow", "magenta", "green")[index % 4]
            line.stylize(colour, place[index], place[index + 1])
            fitting = name[: max(0, place[index + 1] - place[index] - 1)]
            names = Text.assemble(names[: place[index]], (fitting, colour), " " * (room - place[index] - len(fitting)))
        for event in self.seen.events:
            if event["event"] == "reset":
                column = min(room - 1, event["step"] * room // last)
                mark = "◀" if event.get("source") == "best" else "▼"
                line = Text.assemble(line[:column], (mark, "bold red"), line[column + 1 :])
        label = f"{'stages':<{_LABEL}}{'▼ reset':>{_VALUE}}"
        return [Text.assemble((label, "dim"), "  ", line), Text.assemble(" " * (_LABEL + _VALUE + 2), names)]


def _fitted(line: Text, width: int) -> Text:
    fitted = line.copy()
    fitted.no_wrap = True
    fitted.truncate(width, overflow="ellipsis")
    return fitted


def _beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    lines = []
    for place in range(max(len(left), len(right))):
        one = left[place].copy() if place < len(left) else Text()
        one.truncate(width, overflow="ellipsis", pad=True)
        other = right[place] if place < len(right) else Text()
        lines.append(Text.assemble(one, (" │ ", "bright_black"), other))
    return lines
