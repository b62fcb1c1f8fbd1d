"""The report's curves by domain (logic, math, code, stem, instructions), as plotly.js figures in plain data."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from prorl.run.report_charts import Chart, with_markers
from prorl.run.report_data import RunFiles, finite, smooth
from prorl.tasks.suites import domain

COLOURS = ("--trained", "--second", "--reset", "--stage", "--base", "--good")


def by_domain(files: RunFiles) -> list[Chart]:
    """pass@1 on the validation problems and the share of informative prompts; only what there is data for."""
    pass_1 = _means(files.validations, "pass_1/")
    effective = {name: points for name, points in _values(files.metrics, "effective/").items() if "/" not in name}
    charts = [
        _chart(files, "domain-pass", "Validation pass@1 by domain", pass_1, 1),
        _chart(files, "domain-effective", "Informative prompts by domain", effective, max(1, len(files.metrics) // 20)),
    ]
    return [chart for chart in charts if chart["data"]]


Points = list[tuple[int, float]]


def _means(records: list[dict[str, Any]], prefix: str) -> dict[str, Points]:
    """By domain: the mean of its tasks at every step."""
    tasks = _values(records, prefix)
    found: dict[str, dict[int, list[float]]] = {}
    for task, points in tasks.items():
        for step, value in points:
            found.setdefault(domain(task), {}).setdefault(step, []).append(value)
    return {name: [(step, fmean(values)) for step, values in by_step.items()] for name, by_step in found.items()}


def _values(records: list[dict[str, Any]], prefix: str) -> dict[str, Points]:
    found: dict[str, Points] = {}
    for record in records:
        for key, value in record.items():
            number = finite(value)
            if key.startswith(prefix) and number is not None:
                found.setdefault(key.removeprefix(prefix), []).append((int(record["step"]), number))
    return found


def _chart(files: RunFiles, name: str, title: str, lines: dict[str, Points], window: int) -> Chart:
    data = []
    for place, (label, points) in enumerate(sorted(lines.items())):
        steps = [step for step, _ in points]
        values = [float(f"{value:.5g}") for value in smooth([v for _, v in points], [], window) if value is not None]
        look = {"line": {"color": COLOURS[place % len(COLOURS)], "width": 2}, "showlegend": True}
        mode = "lines" if len(steps) > 60 else "lines+markers"
        data.append({"x": steps, "y": values, "type": "scatter", "mode": mode, "name": label, **look})
    return {"id": name, "title": title, "data": data, "layout": with_markers(files, {"x": "step"})}
