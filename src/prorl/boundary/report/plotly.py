"""Figures as plotly.js charts in plain data (`prorl.page.render`)."""

from __future__ import annotations

from typing import Any

from prorl.boundary.report.figure import Figure, Series
from prorl.page.render import Chart

MODELS = 6
"""Colours of models on the page; more models begin again."""


def chart(figure: Figure) -> Chart:
    """The chart of a figure."""
    data = [trace for series in figure.series for trace in _traces(series)]
    xaxis: dict[str, Any] = {"title": {"text": figure.x}}
    if figure.log_x:
        ticks = sorted({x for series in figure.series for x in series.x})
        xaxis |= {"type": "log", "tickvals": ticks, "ticktext": [str(x) for x in ticks]}
    yaxis: dict[str, Any] = {"title": {"text": figure.y}}
    if figure.y_range is not None:
        yaxis["range"] = list(figure.y_range)
    shapes = [
        {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height,
            "line": {"color": "--quiet", "width": 1, "dash": "dot"},
        }
        for height in figure.lines
    ]  # fmt: skip
    layout = {"xaxis": xaxis, "yaxis": yaxis, "shapes": shapes, "barmode": "stack" if figure.stacked else "group"}
    return {"id": figure.id, "title": figure.title, "caption": figure.caption, "data": data, "layout": layout}


def _traces(series: Series) -> list[dict[str, Any]]:
    colour, band = f"--m{series.model % MODELS}", f"--m{series.model % MODELS}-band"
    trace: dict[str, Any] = {"x": list(series.x), "y": list(series.y), "name": series.name}
    if series.kind == "points":
        hover = {"text": list(series.labels), "hovertemplate": "%{text}: %{x:.3f}, %{y:.3f}<extra></extra>"}
        return [{**trace, **hover, "mode": "markers", "marker": {"color": colour, "size": 8, "opacity": 0.75}}]
    reach = [f"[{low:.3f}, {high:.3f}]" for low, high in zip(series.low, series.high, strict=True)]
    hover = {"text": reach, "hovertemplate": "%{x}: %{y:.3f} %{text}", "textposition": "none"}
    if series.kind == "bar":
        bars = {**trace, **hover, "type": "bar", "marker": {"color": colour}}
        return [{**bars, "error_y": _whiskers(series)} if reach else bars]
    dash = "dash" if series.dashed else "solid"
    look = {
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"size": 5, "color": colour},
    }
    edge = {"x": list(series.x), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    bands = [
        {**edge, "y": list(series.low)},
        {**edge, "y": list(series.high), "fill": "tonexty", "fillcolor": band},
    ]
    return [*(bands if reach and not series.dashed else []), {**trace, **hover, **look}]


def _whiskers(series: Series) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "color": "--quiet", "thickness": 1, "width": 2,
        "array": [high - y for high, y in zip(series.high, series.y, strict=True)],
        "arrayminus": [y - low for low, y in zip(series.low, series.y, strict=True)],
    }  # fmt: skip
