"""Where a run comes from: the run and step that it was forked from. Its journal tells, and before that its folder."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prorl.errors import IntegrityError, UserError
from prorl.run import journal, jsonl

FILE = "origin.json"
"""What a fork begins with, written with its folder: the process may die before the journal begins."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The policy that a forked run began with: that of checkpoint `step` of the run `id` in folder `run`."""

    run: Path
    step: int
    id: str

    def to_dict(self) -> dict[str, Any]:
        """As a journal and `origin.json` hold it."""
        return {"run": str(self.run), "step": self.step, "id": self.id}


def parse(text: str) -> Origin:
    """`RUN@STEP` as an origin. Raises UserError if it is not that, or there is no such run."""
    folder, at, step = text.rpartition("@")
    if not at or not step.isdecimal():
        raise UserError(f"--fork {text}: write it as RUN@STEP, for example runs/quickstart@12")
    run = Path(folder)
    if not (run / "journal.jsonl").is_file():
        raise UserError(f"--fork {text}: {run} holds no run (no journal.jsonl); give the folder of one")
    return Origin(run.resolve(), int(step), identity(run) or "")


def new_identity() -> str:
    """A name for a run that no other run has, wherever its folder is moved."""
    return uuid.uuid4().hex[:12]


def identity(run: Path) -> str | None:
    """The id in a run's journal."""
    begun = start_of(run)
    return begun.get("id") if begun else None


def origin_of(run: Path) -> Origin | None:
    """What a run was forked from, None if it began with its model. Raises IntegrityError if that can't be read."""
    begun = start_of(run)
    parent = _noted(run / FILE) if begun is None else begun.get("parent")
    return Origin(Path(parent["run"]), parent["step"], parent["id"]) if parent else None


def note(run: Path, origin: Origin | None) -> None:
    """Write into the folder of a run that is about to begin what it begins with: another's policy or its model."""
    if origin is None:
        (run / FILE).unlink(missing_ok=True)
    else:
        jsonl.replace(run / FILE, json.dumps(origin.to_dict()).encode())


def _noted(file: Path) -> dict[str, Any] | None:
    if not file.is_file():
        return None
    found = jsonl.decode(file.read_bytes())
    if found is None or not {"run", "step", "id"} <= found.keys():
        raise IntegrityError(f"{file} is not what was written; remove {file.parent} and fork again")
    return found


def start_of(run: Path) -> dict[str, Any] | None:
    """The journal's start event."""
    file = run / "journal.jsonl"
    return journal.start_of(file) if file.is_file() else None
