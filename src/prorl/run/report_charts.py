"""The report's charts as plotly.js figures in plain data. A colour is the name of a CSS variable of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prorl.run.report_data import RunFiles, finite, smooth
from prorl.tasks.names import short

Chart = dict[str, Any]

CURVES = (
    ("reward", "Reward", (("reward", "mean score", "--trained"), ("solved", "solved share", "--second"))),
    ("entropy", "Entropy of the policy (nats per token)", (("entropy", "entropy", "--trained"),)),
    ("kl", "KL to the reference policy", (("kl", "KL", "--trained"),)),
    ("length", "Completion length (tokens)", (("length_mean", "mean length", "--trained"),)),
    ("cut-off", "Cut off and unparseable completions", (
        ("truncated", "cut off", "--trained"), ("unparseable", "unparseable", "--second"),
    )),
    ("effective", "Share of informative prompts", (("effective_prompts", "informative", "--trained"),)),
    ("mismatch", "Mismatch: KL of sampler and trainer (nats per token)", (("mismatch_kl", "KL", "--trained"),)),
    ("gradient", "Gradient norm", (("grad_norm", "norm", "--trained"),)),
)  # fmt: skip
"""Chart id, title, and its metrics with label and colour."""

PHASES = (
    ("sample", "sampling", "--trained"), ("verify", "waiting for verdicts", "--second"),
    ("train", "training", "--base"), ("validate", "validation", "--stage"), ("checkpoint", "checkpoints", "--reset"),
)  # fmt: skip
_BINS = 60


def curves(files: RunFiles) -> list[Chart]:
    """The curves of validation and training that have data, each with the run's markers."""
    return [chart for chart in (_validation(files), *(_curve(files, *curve) for curve in CURVES)) if chart["data"]]


def _validation(files: RunFiles) -> Chart:
    """pass@1 and pass@k on the validation problems, with their intervals."""
    data: list[dict[str, Any]] = []
    records = files.validations
    steps = [record["step"] for record in records]
    k = records[-1]["k"] if records else 0
    for name, label, colour in (("pass_1", "pass@1", "--trained"), ("pass_k", f"pass@{k}", "--second")):
        if not records:
            break
        middle = [record[name] for record in records]
        reach = {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1, "width": 0,
            "array": [record[f"{name}_high"] - record[name] for record in records],
            "arrayminus": [record[name] - record[f"{name}_low"] for record in records],
        }  # fmt: skip
        line = {"x": steps, "y": middle, "type": "scatter", "mode": "lines+markers", "name": label, "error_y": reach}
        data.append({**line, "line": {"color": colour, "width": 2}})
    layout = with_markers(files, {"x": "step"})
    return {"id": "curve-validation", "title": "Validation, with 95 % intervals", "data": data, "layout": layout}


def _curve(files: RunFiles, name: str, title: str, lines: Sequence[tuple[str, str, str]]) -> Chart:
    data: list[dict[str, Any]] = []
    for metric, label, colour in lines:
        steps, values = files.series(metric)
        if not any(value is not None for value in values):
            continue
        resets = {marker.step for marker in files.markers if marker.kind == "reset"}
        breaks = [index for index, step in enumerate(steps) if step in resets]
        window = max(1, len(steps) // 20)
        line = {"x": steps, "mode": "lines", "type": "scatter", "name": label}
        if window > 1:
            faint = {"line": {"color": colour, "width": 1}, "opacity": 0.3, "hoverinfo": "skip", "showlegend": False}
            data.append({**line, **faint, "y": [None if value is None else float(f"{value:.4g}") for value in values]})
        y = [None if value is None else float(f"{value:.5g}") for value in smooth(values, breaks, window)]
        x, y = _with_gaps(steps, y, breaks)
        data.append({**line, "x": x, "y": y, "line": {"color": colour, "width": 2}, "showlegend": len(lines) > 1})
    return {"id": f"curve-{name}", "title": title, "data": data, "layout": with_markers(files, {"x": "step"})}


def _with_gaps(
    steps: Sequence[int], values: Sequence[float | None], breaks: Sequence[int]
) -> tuple[list[float], list[float | None]]:
    """The line is interrupted where a reset makes its values incomparable."""
    x: list[float] = []
    y: list[float | None] = []
    for index, (step, value) in enumerate(zip(steps, values, strict=True)):
        if index in breaks and index:
            x.append(step - 0.5)
            y.append(None)
        x.append(step)
        y.append(value)
    return x, y


def with_markers(files: RunFiles, axes: dict[str, str]) -> dict[str, Any]:
    """A layout with the run's resets and stages as vertical lines."""
    shapes, notes = [], []
    for marker in files.markers:
        colour, dash = ("--reset", "dash") if marker.kind == "reset" else ("--stage", "dot")
        x = marker.step - 0.5
        line = {"color": colour, "width": 1.5, "dash": dash}
        shapes.append({"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line})
        hover = {"hovertext": f"step {marker.step}, {marker.label}", "font": {"color": colour, "size": 11}}
        sign = "◀" if marker.back else "▼" if marker.kind == "reset" else "▽"
        place = {"x": x, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}
        notes.append({"text": sign, **place, **hover})
    return {"xaxis": {"title": {"text": axes["x"]}}, "shapes": shapes, "annotations": notes}


def by_task(files: RunFiles) -> Chart | None:
    """Solved share of every task over the run, in bins of steps."""
    names = sorted({key for record in files.metrics for key in record if key.startswith("solved/")})
    if not names:
        return None
    size = max(1, -(-len(files.metrics) // _BINS))
    bins = [files.metrics[i : i + size] for i in range(0, len(files.metrics), size)]
    rows = []
    for name in names:
        known = [[value for record in part if (value := finite(record.get(name))) is not None] for part in bins]
        rows.append([sum(values) / len(values) if values else None for values in known])
    heat = {
        "type": "heatmap", "z": rows, "x": [part[0]["step"] for part in bins], "zmin": 0, "zmax": 1,
        "y": list(short(name.removeprefix("solved/") for name in names).values()),
        "colorscale": "heat", "xgap": 0, "ygap": 1,
        "hovertemplate": "%{y}, step %{x}: %{z:.2f}<extra></extra>", "hoverongaps": False,
        "colorbar": {"thickness": 10, "len": 1, "outlinewidth": 0},
    }  # fmt: skip
    layout = {"xaxis": {"title": {"text": "step"}}, "yaxis": {"autorange": "reversed", "automargin": True}}
    height = 110 + 22 * len(names)
    return {"id": "by-task", "title": "Solved share by task", "data": [heat], "layout": layout, "height": height}


def time_by_step(files: RunFiles) -> Chart | None:
    """Seconds of every step by what they went to, averaged in bins of steps."""
    if not files.timings:
        return None
    size = max(1, -(-len(files.timings) // _BINS))
    bins = [files.timings[i : i + size] for i in range(0, len(files.timings), size)]
    x = [part[0]["step"] for part in bins]
    data = []
    for phase, label, colour in PHASES:
        if not any(f"{phase}_seconds" in record for record in files.timings):
            continue
        y = [sum(finite(record.get(f"{phase}_seconds")) or 0.0 for record in part) / len(part) for part in bins]
        hover = "step %{x}: %{y:.2f} s"
        data.append({"type": "bar", "x": x, "y": y, "name": label, "marker": {"color": colour}, "hovertemplate": hover})
    layout = {
        "barmode": "stack",
        "bargap": 0,
        "xaxis": {"title": {"text": "step"}},
        "yaxis": {"title": {"text": "seconds"}},
    }
    return {"id": "time-by-step", "title": "Seconds per step", "data": data, "layout": layout}
