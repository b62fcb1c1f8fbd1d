"""Where a run comes from: the run and step that it was forked from, as its journal tells."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prorl.errors import UserError
from prorl.run import journal


@dataclass(frozen=True, slots=True)
class Origin:
    """The policy that a forked run began with: that of checkpoint `step` of the run `id` in folder `run`."""

    run: Path
    step: int
    id: str


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
    """What a run was forked from, None if it began with its model."""
    parent = (start_of(run) or {}).get("parent")
    return Origin(Path(parent["run"]), parent["step"], parent["id"]) if parent else None


def start_of(run: Path) -> dict[str, Any] | None:
    """The journal's start event."""
    file = run / "journal.jsonl"
    return journal.start_of(file) if file.is_file() else None
