"""Everything that a measurement leaves to be read."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from prorl.boundary.laboratory.results import Results
from prorl.boundary.report.draw import draw
from prorl.boundary.report.figures import everything
from prorl.boundary.report.page import page
from prorl.errors import UserError
from prorl.files import replace


def check_folder(out: Path) -> None:
    """Raise UserError if `out` can't be written, before anything is reckoned for it; what was made is gone again."""
    made: list[Path] = []
    try:
        made = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UserError(f"{out}: {error.strerror}; choose a folder that can be written by --out") from None
    finally:
        for folder in made:
            with suppress(OSError):  # not made, or somebody else uses it by now
                folder.rmdir()


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
