"""One figure of a run for a README or a paper: how training went, and base against trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.errors import UserError
from prorl.run.report_data import RunFiles, load, smooth
from prorl.tasks.names import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BASE, TRAINED, SECOND, RESET, STAGE = "#8a94a3", "#1f5fd0", "#0f8a6d", "#b45309", "#8b5cb8"
PANELS = (
    ("score of the samples", (("reward", "mean score", TRAINED), ("solved", "solved share", SECOND))),
    ("entropy (nats per token)", (("entropy", "", TRAINED),)),
    ("KL to the reference", (("kl", "", TRAINED),)),
)


def run_figure(run_dir: Path, path: Path) -> Path:
    """Draw a run into `path` (its suffix says the format: .svg, .png, .pdf) and return it.

    Reward, entropy and KL by step with resets and stages marked; below, pass@1 of base and trained by task with
    intervals. Equal runs give equal files. Raises UserError if the folder holds no run or the file can't be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    files = load(run_dir)
    rows = 2 if files.comparison else 1
    style: dict[Any, Any] = {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "prorl",
        "text.parse_math": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(10, 2.7 * rows + 0.4), layout="constrained")
        grid = figure.add_gridspec(rows, len(PANELS))
        for column, (title, lines) in enumerate(PANELS):
            _curve(figure.add_subplot(grid[0, column]), files, title, lines)
        if files.comparison:
            _bars(figure.add_subplot(grid[1, :]), files)
        _write(figure, Path(path))
    return Path(path)


def _write(figure: Figure, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=160, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    except OSError as error:
        raise UserError(f"{error.filename or path}: {error.strerror}; draw the figure into another file") from None


def _curve(axes: Axes, files: RunFiles, title: str, lines: tuple[tuple[str, str, str], ...]) -> None:
    resets = {marker.step for marker in files.markers if marker.kind == "reset"}
    for metric, label, colour in lines:
        steps, raw = files.series(metric)
        values = [float("nan") if value is None else value for value in raw]
        breaks = [index for index, step in enumerate(steps) if step in resets]
        means = smooth(raw, breaks, max(1, len(steps) // 20))
        axes.plot(steps, values, color=colour, alpha=0.3, linewidth=0.8)
        for begin, end in zip([0, *breaks], [*breaks, len(steps)], strict=True):
            part = [float("nan") if value is None else value for value in means[begin:end]]
            axes.plot(steps[begin:end], part, color=colour, linewidth=1.6, label=label if begin == 0 else None)
    for marker in files.markers:
        dash, colour = ("--", RESET) if marker.kind == "reset" else (":", STAGE)
        axes.axvline(marker.step - 0.5, color=colour, linestyle=dash, linewidth=1, zorder=0)
    if len(lines) > 1 and axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8)
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel("step")


def _bars(axes: Axes, files: RunFiles) -> None:
    comparison = files.comparison
    assert comparison is not None
    rows = [comparison.overall, *comparison.tasks]
    for offset, colour, label, sides in (
        (-0.19, BASE, "base", [row.base for row in rows]),
        (0.19, TRAINED, "trained", [row.tuned for row in rows]),
    ):
        found = [side.pass_at[1] for side in sides]
        x = [index + offset + (0 if index == 0 else 0.4) for index in range(len(rows))]
        axes.bar(x, [interval.estimate for interval in found], 0.36, color=colour, label=label)
        below = [interval.estimate - interval.low for interval in found]
        above = [interval.high - interval.estimate for interval in found]
        axes.errorbar(
            x, [interval.estimate for interval in found], [below, above], fmt="none", ecolor="#333", elinewidth=0.9
        )
    names = list(short(row.task for row in rows).values())
    ticks = [index + (0 if index == 0 else 0.4) for index in range(len(rows))]
    axes.set_xticks(ticks, names, rotation=30, ha="right", fontsize=8)
    axes.axvline(0.7, color="#ccc", linewidth=0.8)
    axes.set_ylim(0, None)
    axes.set_title(f"held-out pass@1 with {comparison.level:.0%} intervals", fontsize=9, loc="left")
    axes.legend(frameon=False, fontsize=8)
