"""Any checkpoint of a run as a Hugging Face folder."""

from __future__ import annotations

import json
from pathlib import Path

from prorl.engine.local.engine import LocalEngine
from prorl.errors import UserError
from prorl.policy.catalogue import resolve
from prorl.policy.progress import silent
from prorl.recipe.load import load
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory


def export_checkpoint(run: Path, step: str, out: Path) -> Path:
    """Write the policy of a checkpoint (`latest`, `best` or a step) into the new folder `out`; returns `out`.

    The run may be under way: nothing of it is changed. Raises UserError for a step without a checkpoint.
    """
    if not (run / "recipe.yaml").is_file():
        raise UserError(f"{run} holds no run (no recipe.yaml); give the folder that prorl train wrote")
    if out.exists():
        raise UserError(f"{out} is there already; choose another --out")
    recipe = load(str(run / "recipe.yaml"))
    checkpoints = Checkpoints(RunDirectory(run), recipe.checkpoint)
    folder = checkpoints.of_step(step_of(step, checkpoints, run))
    engine = LocalEngine(resolve(recipe.model, silent), recipe.compute, recipe.seed)
    engine.roll_back(folder, clear_optimizer=True)
    engine.export(out)
    return out


def step_of(wanted: str, checkpoints: Checkpoints, run: Path) -> int:
    """The step that `latest`, `best` or a number stands for. Raises UserError if there is none."""
    if wanted.isdecimal():
        return int(wanted)
    if wanted not in ("latest", "best"):
        raise UserError(f"--step {wanted}: use a step, latest, or best")
    found = checkpoints.newest_first()
    if not found:
        raise UserError(f"{run} has no checkpoint yet")
    state = json.loads((found[0] / "state.json").read_text(encoding="utf-8"))
    best = state["regimen"]["best"]["step"]
    if wanted == "best" and best is None:
        raise UserError(f"{run} knows no best checkpoint; use --step latest")
    return int(best) if wanted == "best" else int(found[0].name.removeprefix("step_"))
