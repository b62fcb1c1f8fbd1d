"""Checkpoints: staged, hashed, fsynced, renamed; the old ones go only when the new one is safe."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prorl.engine.protocol import Engine
from prorl.errors import IntegrityError, UserError
from prorl.files import flush, sha256_of
from prorl.run.directory import RunDirectory

FORMAT = 1
"""Raised whenever an older checkpoint could no longer be read as it is."""

_STAGING = ".staging"
_MANIFEST = "manifest.json"


class Checkpoints:
    """The checkpoints of one run, and the reference policies that they lean on."""

    def __init__(self, directory: RunDirectory, keep: int) -> None:
        self.directory, self.keep = directory, keep

    def save(self, step: int, engine: Engine, state: Mapping[str, Any]) -> Path:
        """Write everything a run needs to go on after `step`. `state` is JSON-able."""
        self.keep_reference(engine)
        staging = self.directory.checkpoints / f"{_STAGING}-{step:06d}"
        staging.mkdir()
        engine.save(staging)
        (staging / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
        files = {file.name: sha256_of(file) for file in sorted(staging.iterdir())}
        manifest = {"format": FORMAT, "step": step, "reference": engine.reference_id, "sha256": files}
        (staging / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        for file in staging.iterdir():
            flush(file)
        flush(staging)
        final = self.directory.checkpoints / f"step_{step:06d}"
        os.replace(staging, final)
        flush(self.directory.checkpoints)
        self._rotate()
        return final

    def keep_reference(self, engine: Engine) -> None:
        """Store the reference policy once, under its content hash."""
        final = self._reference(engine.reference_id)
        if final.exists():
            return
        staging = final.with_suffix(".partial")
        engine.save_reference(staging)
        flush(staging)
        os.replace(staging, final)
        flush(self.directory.references)

    def load_latest(self, engine: Engine) -> tuple[int, dict[str, Any]] | None:
        """Restore the newest checkpoint; its step and state, or None if there is none.

        Raises IntegrityError naming the altered or missing file, and the older checkpoint that could serve instead.
        """
        for unfinished in self.directory.checkpoints.glob(f"{_STAGING}-*"):
            shutil.rmtree(unfinished)
        newest = next(self._newest_first(), None)
        if newest is None:
            return None
        manifest = self._checked(newest)
        state = json.loads((newest / "state.json").read_text(encoding="utf-8"))
        engine.load(newest, self._reference(manifest["reference"]))
        return int(manifest["step"]), state

    def _checked(self, folder: Path) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise UserError(f"{folder}: checkpoint format {manifest['format']}, this version reads {FORMAT}")
        others = [other for other in self._newest_first() if other != folder]
        remedy = f"remove {folder} to go on from {others[0].name}" if others else "no older checkpoint is left"
        for name, digest in manifest["sha256"].items():
            if not (folder / name).is_file():
                raise IntegrityError(f"{folder / name} is missing; {remedy}")
            if sha256_of(folder / name) != digest:
                raise IntegrityError(f"{folder / name} is not what was written (its SHA-256 differs); {remedy}")
        if not self._reference(manifest["reference"]).is_file():
            raise IntegrityError(f"{self._reference(manifest['reference'])} is missing: {folder} needs it as reference")
        return manifest

    def _reference(self, identity: str) -> Path:
        return self.directory.references / f"{identity}.safetensors"

    def _newest_first(self) -> Iterator[Path]:
        """Complete checkpoints; a staging folder left by a killed process is not one."""
        return iter(sorted(self.directory.checkpoints.glob("step_*"), reverse=True))

    def _rotate(self) -> None:
        for old in list(self._newest_first())[self.keep :]:
            shutil.rmtree(old)
