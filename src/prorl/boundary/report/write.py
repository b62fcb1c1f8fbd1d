"""Everything that a measurement leaves to be read."""

from __future__ import annotations

import json
from pathlib import Path

from prorl.boundary.laboratory.results import Results
from prorl.boundary.report.draw import draw
from prorl.boundary.report.figures import everything
from prorl.boundary.report.page import page
from prorl.files import replace


def write(results: Results, out: Path) -> list[Path]:
    """Write `report.html`, `summary.json` and `figures/` into a folder; returns the paths."""
    out.mkdir(parents=True, exist_ok=True)
    summary, report, folder = out / "summary.json", out / "report.html", out / "figures"
    replace(summary, json.dumps(results.to_dict(), indent=1, allow_nan=False).encode() + b"\n")
    replace(report, page(results).encode())
    for name, panels in everything(results):
        if panels:
            draw(panels, name, folder, results.source["command"])
    return [report, summary, folder]
