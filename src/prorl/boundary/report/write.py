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
    """Raise UserError if `out` can't be written or holds something else, before anything is reckoned for it.

    Folders that were made to find out are gone again.
    """
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
    _check_own(out)


def _check_own(out: Path) -> None:
    """Raise UserError for a folder with files that no measurement left: ours would be written over them."""
    if (out / "recipe.yaml").exists():
        raise UserError(f"{out} holds a run, and its report would be overwritten; choose another folder by --out")
    if not out.is_dir() or not any(not entry.name.startswith(".") for entry in out.iterdir()):
        return
    if any((out / name).is_file() for name in ("keys.json", "measurement.json")) or _is_summary(out / "summary.json"):
        return
    raise UserError(
        f"{out} holds files that are not of prorl boundary and might be overwritten; choose a new folder by --out"
    )


def _is_summary(path: Path) -> bool:
    """Whether `write` wrote it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"source", "claims", "verdict"} <= content.keys()


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
