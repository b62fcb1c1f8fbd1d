"""Figures as vector graphics for papers (matplotlib). Equal results give equal files."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.boundary.report.figure import Figure, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#6b7685", "#1f5fd0", "#0f8a6d", "#b45309", "#8b5cb8", "#b3261e")
FORMATS = ("svg", "pdf")
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "text.parse_math": False,  # names of models and commands may hold a $
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "prorl",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}
_PANELS = 3
"""Panels beside each other where a figure has several."""


def draw(panels: Sequence[Figure], name: str, folder: Path, command: str) -> list[Path]:
    """Draw figures as the panels of one file in every format; what it shows and who made it stands below."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    columns = min(_PANELS, len(panels))
    rows = -(-len(panels) // columns)
    size = (4.6, 3.4) if len(panels) == 1 else (3.1 * columns, 2.4 * rows + 0.5)
    paths = []
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=size, layout="constrained")
        grid = canvas.subplots(rows, columns, squeeze=False)
        for axes, figure in zip(grid.flat, panels, strict=False):
            _panel(axes, figure)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        _legend(canvas, grid.flat[0])
        note = f"{panels[0].caption if len(panels) == 1 else panels[0].shared} Made by: {command}"
        canvas.supxlabel(textwrap.fill(note, int(size[0] * 24)), fontsize=5.5, color="#5b6470", x=0.01, ha="left")
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in FORMATS:
            path = folder / f"{name}.{suffix}"
            canvas.savefig(path, metadata={"Date": None} if suffix == "svg" else {"CreationDate": None})
            paths.append(path)
    return paths


def _panel(axes: Axes, figure: Figure) -> None:
    bars = [series for series in figure.series if series.kind == "bar"]
    below: list[float] = []
    for place, series in enumerate(figure.series):
        colour = COLOURS[series.model % len(COLOURS)]
        if series.kind == "bar":
            below = _bars(axes, series, bars.index(series), 1 if figure.stacked else len(bars), below, colour)
            below = below if figure.stacked else []
        elif series.kind == "points":
            axes.scatter(series.x, series.y, s=16, color=colour, alpha=0.75, label=series.name, linewidths=0)
        else:
            style = "--" if series.dashed else "-"
            axes.plot(
                series.x, series.y, style, color=colour, marker="o", markersize=2.5, linewidth=1.3, label=series.name
            )
            if len(series.low) and not series.dashed:
                axes.fill_between(
                    series.x, series.low, series.high, color=colour, alpha=0.15, linewidth=0, zorder=place
                )
    if figure.log_x:
        axes.set_xscale("log", base=2)
        ticks = sorted({x for series in figure.series for x in series.x})
        shown = ticks[:: max(1, len(ticks) // 5)]
        axes.set_xticks(shown, [str(tick) for tick in shown])
        axes.minorticks_off()
    if figure.y_range is not None:
        axes.set_ylim(*figure.y_range)
    for height in figure.lines:
        axes.axhline(height, color="#5b6470", linewidth=0.8, linestyle=":")
    axes.set_title(figure.title, fontsize=8.5, loc="left")
    axes.set_xlabel(figure.x)
    axes.set_ylabel(figure.y)


def _bars(axes: Axes, series: Series, place: int, count: int, below: Sequence[float], colour: str) -> list[float]:
    """Draw one row of `count` rows of bars, on top of what is `below`; returns how high the stack is now."""
    width = 0.8 / count
    offset = (place - (count - 1) / 2) * width if count > 1 else 0.0
    at = [index + offset for index in range(len(series.x))]
    base = list(below) or [0.0] * len(at)
    axes.bar(at, series.y, width, bottom=base, color=colour, label=series.name)
    if len(series.low):
        reach = [
            [y - low for y, low in zip(series.y, series.low, strict=True)],
            [high - y for y, high in zip(series.y, series.high, strict=True)],
        ]
        axes.errorbar(at, series.y, reach, fmt="none", ecolor="#333", elinewidth=0.8)
    axes.set_xticks(range(len(series.x)), [str(x) for x in series.x], rotation=35, ha="right", fontsize=7)
    return [low + y for low, y in zip(base, series.y, strict=True)]


def _legend(canvas: Any, axes: Axes) -> None:
    """One legend for all panels, above them."""
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) > 1:
        canvas.legend(handles, labels, loc="outside upper left", ncols=4, frameon=False, fontsize=7)
