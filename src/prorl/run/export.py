"""Any checkpoint of a run as a Hugging Face folder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from safetensors import SafetensorError

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Engine
from prorl.errors import UserError
from prorl.files import flush
from prorl.policy.catalogue import resolve
from prorl.policy.progress import silent
from prorl.recipe.load import load
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory


def write_model(engine: Engine, out: Path) -> None:
    """Write the policy into the new folder `out`, whole or not at all. Raises UserError where the disk refuses it."""
    staging = out.with_name(f"{out.name}.partial")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.parent.mkdir(parents=True, exist_ok=True)
        engine.export(staging)
        for file in staging.iterdir():
            flush(file)
        os.replace(staging, out)
        flush(out.parent)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        said = getattr(error, "strerror", None) or error
        raise UserError(f"the model could not be written to {out}: {said}; make room there and try again") from None


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
    write_model(engine, out)
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
