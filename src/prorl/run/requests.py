"""What a person asks of a run from another terminal: small files that the loop looks for after every step."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from prorl.errors import UserError
from prorl.recipe.section import Section
from prorl.recipe.stages import Reset
from prorl.regimen.asked import Asked
from prorl.run import jsonl
from prorl.run.directory import RunDirectory
from prorl.run.journal import effective, is_finished, read

MORE = (
    "give its last stage more steps (prorl train --resume RUN stages.NAME.steps=…), add a stage in RUN/recipe.yaml, or "
    "begin a new run from it (prorl train RECIPE --fork RUN@STEP)"
)
"""How to go on from a run that is finished."""


class _Request(Section):
    kind: Literal["reset", "pause", "stop", "continue"]
    reset: Reset | None = None


class Requests:
    """The requests that lie in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pending(self) -> list[Asked]:
        """All of them, oldest first. Raises UserError for a file that is none."""
        found = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        return [self._read(file) for file in found]

    def take(self, kind: str) -> bool:
        """Whether there was a request of that kind; all of that kind are removed."""
        these = [request for request in self.pending() if request.kind == kind]
        self.remove(these)
        return bool(these)

    def remove(self, done: Sequence[Asked]) -> None:
        """Forget requests that were seen to."""
        for request in done:
            (self.folder / f"{request.id}.json").unlink(missing_ok=True)

    def _read(self, file: Path) -> Asked:
        try:
            request = _Request.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, ValidationError):
            raise UserError(
                f"{file} is not a request; remove it and ask again: prorl reset, pause, stop or continue"
            ) from None
        return Asked(file.stem, request.kind, request.reset)


def ask(run: Path, kind: str, **fields: Any) -> bool:
    """Leave a request in the folder of a run; whether somebody is at work there to see it.

    Raises UserError if there is no run, or it is finished. A request that nobody sees now is seen to when the run is
    taken up again.
    """
    if not (run / "recipe.yaml").is_file():
        raise UserError(f"{run} holds no run (no recipe.yaml); give the folder that prorl train wrote")
    if _is_finished(run):
        raise UserError(f"{run} is finished; to go on from it, {MORE}")
    folder = RunDirectory(run).requests
    try:
        folder.mkdir(exist_ok=True)
        content = json.dumps({"kind": kind, **fields})
        jsonl.replace(folder / f"{time.time_ns():020d}-{kind}.json", content.encode())
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; make it writable") from None
    return is_live(run)


def _is_finished(run: Path) -> bool:
    file = RunDirectory(run).journal
    events = effective(read(file)) if file.is_file() else []
    return is_finished(events)


def is_live(run: Path) -> bool:
    """Whether a process works on the run."""
    lock = RunDirectory(run).lock
    if not lock.exists():
        return False
    with open(lock, "rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
