"""A comparison as a table: for the terminal (80 columns suffice) and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prorl.boundary.comparison import Comparison, Row
from prorl.tasks.names import short

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

NOTE = (
    "* differs: by the paired sign-flip test, corrected over tasks (Holm, 5 %), and by the interval, problems that can "
    "have gone unseen allowed for. Success: score >= {threshold:g}."
)


def render(comparison: Comparison) -> RenderableType:
    """A rich renderable: one line a task, the overall line, then the verdict and the warnings."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    largest = comparison.ks[-1]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_footer=False)
    table.add_column("task (%)", overflow="fold")
    for header in ("base", "tuned", f"Δ pass@1 [{comparison.level:.0%}]"):
        table.add_column(header, justify="right", no_wrap=True)
    if largest > 1:
        for header in ("base", "tuned", f"Δ @{largest}"):
            table.add_column(header, justify="right", no_wrap=True)
    names = short(row.task for row in comparison.tasks)
    for row in (*comparison.tasks, comparison.overall):
        last = row is comparison.overall
        if last:
            table.add_section()
        table.add_row(*_cells(row, names, largest), style="bold" if last else None)
    lines = [_format_line(comparison), NOTE.format(threshold=comparison.threshold)]
    parts: Group = Group(
        table,
        *(Text(line, style="dim") for line in lines),
        *(Text(f"warning: {line}", style="yellow") for line in comparison.warnings()),
        Text(comparison.verdict(), style="bold"),
    )
    return parts


def markdown(comparison: Comparison) -> str:
    """The same in Markdown."""
    largest = comparison.ks[-1]
    headers = ["task", "base pass@1", "tuned pass@1", f"Δ pass@1 [{comparison.level:.0%}]"]
    if largest > 1:
        headers += [f"base pass@{largest}", f"tuned pass@{largest}", f"Δ pass@{largest}"]
    lines = ["| " + " | ".join(headers) + " |", "|---|" + "---:|" * (len(headers) - 1)]
    names = short(row.task for row in comparison.tasks)
    for row in (*comparison.tasks, comparison.overall):
        cells = [cell.replace("*", r"\*") for cell in _cells(row, names, largest)]
        lines.append("| " + " | ".join(f"**{cell}**" if row is comparison.overall else cell for cell in cells) + " |")
    note = NOTE.format(threshold=comparison.threshold).replace("*", r"\*")
    lines += ["", f"In per cent. {note}", "", _format_line(comparison), "", comparison.verdict()]
    return "\n".join(lines) + "\n"


def _cells(row: Row, names: Mapping[str, str], largest: int) -> list[str]:
    delta = row.delta[1]
    mark = "*" if row.significant else " "
    interval = f"{_points(delta.estimate)} [{_points(delta.low)},{_points(delta.high)}]{mark}"
    cells = [
        names.get(row.task, row.task),
        *(_percent(side.pass_at[1].estimate) for side in (row.base, row.tuned)),
        interval.rstrip(),
    ]
    if largest > 1:
        cells += [_percent(side.pass_at[largest].estimate) for side in (row.base, row.tuned)]
        cells.append(_points(row.delta[largest].estimate))
    return cells


def _format_line(comparison: Comparison) -> str:
    base, tuned = comparison.overall.base, comparison.overall.tuned
    return (
        f"Base → tuned, overall: tolerant pass@1 {_percent(base.tolerant.estimate)} → "
        f"{_percent(tuned.tolerant.estimate)}, unparseable {_percent(base.unparseable)} → "
        f"{_percent(tuned.unparseable)}, mean score {_percent(base.mean_score.estimate)} → "
        f"{_percent(tuned.mean_score.estimate)}, verifier timeouts and errors "
        f"{_percent(base.timeouts + base.errors)} → {_percent(tuned.timeouts + tuned.errors)}. "
        f"{comparison.overall.problems} problems, "
        f"{base.samples // comparison.overall.problems} samples each."
    )


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}"


def _points(difference: float) -> str:
    text = f"{100 * difference:+.1f}"
    return "+0.0" if text == "-0.0" else text
