"""What a run's files say of it right now, for somebody who watches: read again and again, so read sparingly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from prorl.errors import UserError
from prorl.recipe.load import load
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import Stage
from prorl.run import journal, jsonl, metrics
from prorl.run.directory import RunDirectory
from prorl.run.requests import is_live

Record = dict[str, Any]
_PACE = 15
"""Last steps whose seconds tell how long the others will take."""


@dataclass(slots=True)
class Snapshot:
    """A run as its files show it."""

    path: Path
    recipe: Recipe
    live: bool
    events: list[Record] = field(default_factory=list)
    """Those that still hold."""
    metrics: list[Record] = field(default_factory=list)
    timings: list[Record] = field(default_factory=list)
    validations: list[Record] = field(default_factory=list)
    rollouts: list[Record] = field(default_factory=list)
    """Groups of the last step that left any."""

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.metrics[-1]["step"]) if self.metrics else 0

    @property
    def stage(self) -> str:
        """Name of the stage under way, or of the last one."""
        return next((str(e["name"]) for e in reversed(self.events) if e["event"] == "stage"), "–")

    @property
    def state(self) -> str:
        """running, paused, finished, or stopped."""
        if journal.is_finished(self.events):
            return "finished"
        waits = ("pause", "continue", "resume", "extended")
        last = next((event["event"] for event in reversed(self.events) if event["event"] in waits), "")
        return ("paused" if last == "pause" else "running") if self.live else "stopped"

    @property
    def total(self) -> int:
        """Steps of the whole run, as far as is known: stages that ended sooner count what they took."""
        ended, ahead = self._split
        return ended + sum(stage.steps for stage in ahead)

    @property
    def may_end_early(self) -> bool:
        """Whether a stage that isn't over has an `until`, so that `total` and `eta` are the most they can be."""
        return any(stage.until is not None for stage in self._split[1])

    @property
    def _split(self) -> tuple[int, Sequence[Stage]]:
        """The step at which the last stage ended, and the stages that aren't over."""
        step, over = journal.stages_over(self.events)
        return step, self.recipe.stages[over:]

    @property
    def seconds(self) -> float:
        """From the first entry of the journal to now, or to the last entry if nobody is at work."""
        if not self.events:
            return 0.0
        began, last = (_moment(self.events[place]["at"]) for place in (0, -1))
        return (time.time() if self.live else last) - began

    @property
    def eta(self) -> float | None:
        """Seconds that the steps left will take at the pace of the last ones; None if nothing goes on."""
        if self.state != "running" or not self.timings:
            return None
        pace = median(float(record["seconds"]) for record in self.timings[-_PACE:])
        return pace * max(0, self.total - self.step)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: where the run stands, and the last numbers."""
        return {
            "run": str(self.path), "recipe": self.recipe.name, "model": self.recipe.model, "state": self.state,
            "stage": self.stage, "step": self.step, "total_steps": self.total, "seconds": self.seconds,
            "eta_seconds": self.eta, "metrics": self.metrics[-1] if self.metrics else {},
            "timings": self.timings[-1] if self.timings else {},
            "validation": self.validations[-1] if self.validations else None,
            "resets": [event["step"] for event in self.events if event["event"] == "reset"],
            "last_event": self.events[-1] if self.events else None,
        }  # fmt: skip


class Watched:
    """A run folder that is looked at repeatedly; files that didn't change aren't read again."""

    def __init__(self, path: Path) -> None:
        """Raises UserError if `path` holds no run."""
        if not (path / "recipe.yaml").is_file():
            raise UserError(f"{path} holds no run (no recipe.yaml); give the folder that prorl train wrote")
        self.directory = RunDirectory(path)
        self._read: dict[Path, tuple[tuple[int, int], Any]] = {}

    def look(self) -> Snapshot:
        """The run as it is now."""
        directory = self.directory
        made = self._fresh(directory.metrics, metrics.read, [])
        rollouts = directory.rollouts_upto(made[-1]["step"] if made else 0)
        return Snapshot(
            directory.path,
            self._fresh(directory.recipe, lambda path: load(str(path)), None),
            is_live(directory.path),
            journal.effective(self._fresh(directory.journal, journal.read, [])),
            made,
            self._fresh(directory.timings, metrics.read, []),
            self._fresh(directory.validations, metrics.read, []),
            self._newest(rollouts[-1]) if rollouts else [],
        )

    def _newest(self, path: Path) -> list[Record]:
        """The rollouts of a step; those of other steps aren't looked at again."""
        self._read = {known: read for known, read in self._read.items() if known.parent != path.parent or known == path}
        found: list[Record] = self._fresh(path, _groups, [])
        return found

    def _fresh(self, path: Path, read: Any, absent: Any) -> Any:
        try:
            found = path.stat()
        except FileNotFoundError:
            return absent
        mark = (found.st_mtime_ns, found.st_size)
        known = self._read.get(path)
        if known is None or known[0] != mark:
            known = (mark, read(path))
            self._read[path] = known
        return known[1]


def _groups(path: Path) -> list[Record]:
    return [record for line in jsonl.lines(path) if (record := jsonl.decode(line)) is not None]


def _moment(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
