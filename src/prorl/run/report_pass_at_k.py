"""The report's pass@k curves, as plotly.js figures in plain data."""

from __future__ import annotations

import zlib
from typing import Any

from prorl.run.report_charts import Chart
from prorl.run.report_data import RunFiles


def pass_at_k(files: RunFiles) -> list[Chart]:
    """pass@k of base and trained with bands, overall first and then by task."""
    if files.base is not None and files.trained is not None:
        bands = {"base": _bands(files.base), "trained": _bands(files.trained)}
    elif files.comparison is not None:
        rows = {"overall": files.comparison.overall, **{row.task: row for row in files.comparison.tasks}}
        bands = {
            side: {
                name: [(k, (row.base if side == "base" else row.tuned).pass_at[k]) for k in files.comparison.ks]
                for name, row in rows.items()
            }
            for side in ("base", "trained")
        }
    else:
        return []
    names = [name for name in bands["base"] if name in bands["trained"]]
    return [
        _pass_at_k_chart(index, name, {side: bands[side][name] for side in bands}) for index, name in enumerate(names)
    ]


def _bands(samples: Any) -> dict[str, list[tuple[int, Any]]]:
    import numpy as np

    from prorl.boundary import samples as sample_table
    from prorl.boundary.estimators import k_grid, pass_at_k
    from prorl.boundary.intervals import mean_interval

    counted = sample_table.counts(samples)
    ks = k_grid(int(counted["n"].to_numpy().min()))
    tasks = {str(key[0]): part for key, part in counted.group_by("task", maintain_order=True)}
    rates = {
        k: {task: pass_at_k(part["n"].to_numpy(), part["c"].to_numpy(), k) for task, part in tasks.items()} for k in ks
    }
    groups = {"overall": list(tasks), **{task: [task] for task in tasks}}
    return {
        name: [
            (k, mean_interval([rates[k][task] for task in members], np.random.default_rng(zlib.crc32(name.encode()))))
            for k in ks
        ]
        for name, members in groups.items()
    }


def _pass_at_k_chart(index: int, name: str, sides: dict[str, list[tuple[int, Any]]]) -> Chart:
    data: list[dict[str, Any]] = []
    for side, points in sides.items():
        ks = [k for k, _ in points]
        low, high = [interval.low for _, interval in points], [interval.high for _, interval in points]
        edge = {"x": ks, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        data.append({**edge, "y": low})
        data.append({**edge, "y": high, "fill": "tonexty", "fillcolor": f"--{side}-band"})
        text = [f"[{a:.3f}, {b:.3f}]" for a, b in zip(low, high, strict=True)]
        look = {"line": {"color": f"--{side}", "width": 2}, "marker": {"size": 6, "color": f"--{side}"}}
        middle = {"x": ks, "y": [interval.estimate for _, interval in points], "mode": "lines+markers", "name": side}
        hover = {"hovertemplate": "pass@%{x}: %{y:.3f} %{text}", "text": text}
        data.append({**middle, **look, **hover})
    ticks = sorted({k for points in sides.values() for k, _ in points})
    xaxis = {"type": "log", "tickvals": ticks, "ticktext": [str(k) for k in ticks], "title": {"text": "k"}}
    yaxis = {"range": [-0.02, 1.02], "title": {"text": "pass@k"}}
    return {"id": f"pass-{index}", "title": name, "data": data, "layout": {"xaxis": xaxis, "yaxis": yaxis}}
