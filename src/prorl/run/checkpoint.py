"""Checkpoints: staged, hashed, fsynced, renamed; the old ones go only when the new one is safe."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from prorl.engine.protocol import Engine
from prorl.errors import IntegrityError, UserError
from prorl.files import flush
from prorl.recipe.schema import Checkpoint
from prorl.run import manifest
from prorl.run.directory import RunDirectory

_STAGING = ".staging"
_REMOVED = ".removed"
_GIB = 2**30


class Checkpoints:
    """The checkpoints of one run, and the reference policies that they lean on."""

    def __init__(self, directory: RunDirectory, settings: Checkpoint) -> None:
        self.directory, self.settings = directory, settings

    def save(self, step: int, engine: Engine, state: Mapping[str, Any], *, reset: bool, best: int | None) -> Path:
        """Write everything a run needs to go on after `step`. `state` is JSON-able.

        `reset` tells that a reset was made here, `best` the step whose checkpoint must not be rotated away as long as
        this one is kept. Raises UserError when the disk refuses; then nothing that was there before is lost.
        """
        staging = self.directory.checkpoints / f"{_STAGING}-{step:06d}"
        final = self._folder(step)
        try:
            self._check_room(engine)
            self._keep_reference(engine)
            staging.mkdir()
            engine.save(staging)
            (staging / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
            logs = manifest.marks_of(self.directory.logs)
            manifest.write(staging, step=step, reference=engine.reference_id, reset=reset, best=best, logs=logs)
            for file in staging.iterdir():
                flush(file)
            flush(staging)
            os.replace(staging, final)
            flush(self.directory.checkpoints)
        except OSError as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise UserError(self._refused(step, engine, error)) from None
        self._rotate()
        return final

    def load_latest(self, engine: Engine) -> tuple[int, dict[str, Any]] | None:
        """Restore the newest checkpoint; its step and state, or None if there is none.

        Raises IntegrityError naming the altered or missing file, and the older checkpoint that could serve instead.
        """
        for pattern in (f"{_STAGING}-*", f"{_REMOVED}-*"):
            for unfinished in self.directory.checkpoints.glob(pattern):
                shutil.rmtree(unfinished)
        for unfinished in self.directory.references.glob("*.partial"):
            unfinished.unlink()
        found = self.newest_first()
        if not found:
            return None
        content = self._verified(found[0])
        state: dict[str, Any] = json.loads((found[0] / "state.json").read_text(encoding="utf-8"))
        engine.load(found[0], self._reference(content["reference"]))
        return int(content["step"]), state

    def check_logs(self) -> None:
        """Raises IntegrityError if a file that only grows was altered in what the newest checkpoint knows of it."""
        for folder in self.newest_first()[:1]:
            manifest.check_marks(self.directory.path, self._with_remedy(folder, manifest.read)["logs"])

    def regimen(self) -> dict[str, Any] | None:
        """The regimen's state in the newest checkpoint (not verified); None if there is none."""
        found = self.newest_first()
        if not found:
            return None
        state: dict[str, Any] = json.loads((found[0] / "state.json").read_text(encoding="utf-8"))["regimen"]
        return state

    def of_step(self, step: int) -> Path:
        """The checkpoint of `step`, verified. Raises UserError listing those there are, IntegrityError if altered."""
        folder = self._folder(step)
        if not folder.is_dir():
            known = ", ".join(map(str, reversed(self.steps())))
            raise UserError(f"{self.directory.path} has no checkpoint of step {step}; it has {known or 'none'}")
        self._verified(folder)
        return folder

    def newest_first(self) -> list[Path]:
        """Complete checkpoints; a staging folder left by a killed process is not one."""
        return sorted(self.directory.checkpoints.glob("step_*"), reverse=True)

    def steps(self) -> list[int]:
        """Of which steps there are checkpoints, the newest first."""
        return [int(folder.name.removeprefix("step_")) for folder in self.newest_first()]

    def room(self, engine: Engine) -> float:
        """How many more checkpoints the disk can hold."""
        return shutil.disk_usage(self.directory.checkpoints).free / engine.checkpoint_bytes

    def _check_room(self, engine: Engine) -> None:
        if self.room(engine) < 1.0:
            raise OSError("too little free space")

    def _refused(self, step: int, engine: Engine, error: OSError) -> str:
        whole = self.newest_first()
        safe = f"{whole[0].name} is whole" if whole else "there is none yet"
        return (
            f"the checkpoint of step {step} could not be written to {self.directory.checkpoints}: "
            f"{error.strerror or error}; {safe}. Make sure that {engine.checkpoint_bytes / _GIB:.2g} GiB can be "
            f"written there and go on with: prorl train --resume {self.directory.path}"
        )

    def _keep_reference(self, engine: Engine) -> None:
        """Store the reference policy once, under its content hash."""
        final = self._reference(engine.reference_id)
        if final.exists():
            return
        staging = final.with_suffix(".partial")
        engine.save_reference(staging)
        flush(staging)
        os.replace(staging, final)
        flush(self.directory.references)

    def _verified(self, folder: Path) -> dict[str, Any]:
        return self._with_remedy(folder, self._verify)

    def _verify(self, folder: Path) -> dict[str, Any]:
        content = manifest.verify(folder)
        needed = self._reference(content["reference"])
        if not needed.is_file():
            raise IntegrityError(f"{needed} is missing: {folder} needs it as reference")
        return content

    def _with_remedy(self, folder: Path, look: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
        """What `look` finds in a checkpoint; if that is damaged, the older one that could serve instead is named."""
        try:
            return look(folder)
        except IntegrityError as error:
            older = [other for other in self.newest_first() if other < folder]
            remedy = f"move {folder} away to go on from {older[0].name}" if older else "no older checkpoint is left"
            raise IntegrityError(f"{error}; {remedy}") from None

    def _folder(self, step: int) -> Path:
        return self.directory.checkpoints / f"step_{step:06d}"

    def _reference(self, identity: str) -> Path:
        return self.directory.references / f"{identity}.safetensors"

    def _remove(self, folder: Path) -> None:
        """Take a checkpoint away whole: one that is half gone could be taken for a damaged one."""
        gone = folder.with_name(f"{_REMOVED}-{folder.name}")
        os.replace(folder, gone)
        shutil.rmtree(gone)

    def _of_old(self, folder: Path) -> dict[str, Any]:
        """The manifest of a checkpoint that may have to go; nothing is removed for what can't be read."""
        try:
            return manifest.read(folder)
        except IntegrityError as error:
            raise IntegrityError(f"{error}; move {folder} away and resume: no newer checkpoint needs it") from None

    def _rotate(self) -> None:
        """Remove what no rule keeps, and then the references that no checkpoint needs any more."""
        found = {folder: self._of_old(folder) for folder in self.newest_first()}
        kept = [content for place, content in enumerate(found.values()) if self._is_kept(place, content)]
        steps = {content["step"] for content in kept} | {content.get("best") for content in kept}
        references = {content["reference"] for content in found.values() if content["step"] in steps}
        for folder, content in found.items():
            if content["step"] not in steps:
                self._remove(folder)
        for file in self.directory.references.glob("*.safetensors"):
            if file.stem not in references:
                file.unlink()

    def _is_kept(self, place: int, content: Mapping[str, Any]) -> bool:
        """Whether a rule keeps a checkpoint; `place` counts from the newest. The best of each that is kept, is too."""
        step, every = content["step"], self.settings.keep_every
        regular = every is not None and step % every == 0
        return place < self.settings.keep or regular or bool(self.settings.keep_resets and content["reset"])
