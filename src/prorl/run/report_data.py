"""What a run left on the disk, read leniently: a run in progress lacks files, and the report says which."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.boundary.comparison import Comparison
from prorl.errors import UserError
from prorl.run import journal, metrics
from prorl.run.directory import RunDirectory

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical line in every curve: a reset or the beginning of a stage."""

    kind: str
    step: int
    label: str
    back: bool = False
    """Whether the policy went back to that of an earlier step, too."""


@dataclass(slots=True)
class RunFiles:
    """The files of a run folder; None or empty for what isn't there (yet)."""

    path: Path
    recipe_text: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    timings: list[dict[str, Any]] = field(default_factory=list)
    validations: list[dict[str, Any]] = field(default_factory=list)
    comparison: Comparison | None = None
    base: pl.DataFrame | None = None
    trained: pl.DataFrame | None = None
    questions: dict[tuple[str, str], str] = field(default_factory=dict)
    """By task and problem id: the held-out problem's question (samples/problems.jsonl)."""
    rollouts: list[Path] = field(default_factory=list)
    environments: list[dict[str, Any]] = field(default_factory=list)
    """One record a process that worked on the run (environment.jsonl)."""

    @property
    def markers(self) -> list[Marker]:
        """Resets and stages that still hold, in order, at the first step that they act on."""
        found = []
        for event in journal.effective(self.events):
            first = event["step"] + 1
            if event["event"] == "reset":
                rolled = event.get("source") == "best"
                back = f"back to step {event.get('policy_of_step')}, " if rolled else ""
                label = f"{back}reset: {event.get('reason', 'no reason given')}"
                found.append(Marker("reset", first, label, back=rolled))
            elif event["event"] == "stage":
                found.append(Marker("stage", first, f"stage: {event.get('name', '')}"))
        return found

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return journal.is_finished(journal.effective(self.events))

    def series(self, name: str) -> tuple[list[int], list[float | None]]:
        """Steps and values of a metric; None where it is missing or not finite. Empty when no step has it."""
        if not any(name in record for record in self.metrics):
            return [], []
        return [record["step"] for record in self.metrics], [finite(record.get(name)) for record in self.metrics]


def load(run_dir: Path) -> RunFiles:
    """Read a run folder. Raises UserError if it is none."""
    path = Path(run_dir)
    if not path.is_dir():
        raise UserError(f"{path}: no such run folder; give the folder that `prorl train` wrote")
    files = RunFiles(path)
    if (path / "journal.jsonl").exists():
        files.events = journal.read(path / "journal.jsonl")
    if (path / "recipe.yaml").exists():
        files.recipe_text = (path / "recipe.yaml").read_text(encoding="utf-8", errors="replace")
        files.recipe = _recipe(files)
    if (path / "metrics.jsonl").exists():
        files.metrics = metrics.read(path / "metrics.jsonl")
    if (path / "timings.jsonl").exists():
        files.timings = metrics.read(path / "timings.jsonl")
    if (path / "validations.jsonl").exists():
        files.validations = metrics.read(path / "validations.jsonl")
    if not (files.recipe_text or files.events or files.metrics):
        raise UserError(f"{path}: holds no run (no recipe.yaml, journal.jsonl or metrics.jsonl)")
    _load_evaluation(files, path)
    files.rollouts = RunDirectory(path).rollouts_upto(files.metrics[-1]["step"] if files.metrics else 0)
    files.environments = records(path / "environment.jsonl")
    return files


def _recipe(files: RunFiles) -> dict[str, Any]:
    """The recipe in the folder, or where that is none any more, the one that the journal knows."""
    import yaml

    try:
        found = yaml.safe_load(files.recipe_text) or {}
    except yaml.YAMLError:
        found = None
    if isinstance(found, dict) and _has_shape(found):
        return found
    known = [event["settings"] for event in files.events if "settings" in event]
    return dict(known[-1]) if known else {}


def _has_shape(recipe: dict[str, Any]) -> bool:
    """Whether what is read of a recipe here is where it should be."""
    stages, tasks = recipe.get("stages") or [], recipe.get("tasks") or []
    listed = isinstance(tasks, list) and isinstance(stages, list) and all(isinstance(stage, dict) for stage in stages)
    return listed and all(isinstance(recipe.get(name) or {}, dict) for name in ("rollout", "compute"))


def _load_evaluation(files: RunFiles, path: Path) -> None:
    if (path / "comparison.json").exists():
        files.comparison = Comparison.from_dict(json.loads((path / "comparison.json").read_text(encoding="utf-8")))
    base, trained = path / "samples" / "base.parquet", path / "samples" / "trained.parquet"
    if base.exists() or trained.exists():
        from prorl.boundary import samples

        files.base = samples.read(base) if base.exists() else None
        files.trained = samples.read(trained) if trained.exists() else None
    for record in records(path / "samples" / "problems.jsonl"):
        files.questions[record["task"], record["problem"]] = record["question"]


def records(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a JSON-lines file; none if it isn't there."""
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue  # the line that is being written
    return found


def finite(value: Any) -> float | None:
    """A number that can be drawn, or None."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def smooth(values: Sequence[float | None], breaks: Sequence[int], window: int) -> list[float | None]:
    """Trailing mean over `window` values, starting anew at each index of `breaks` so that a reset stays a jump."""
    smoothed: list[float | None] = []
    begins = set(breaks)
    recent: list[float | None] = []
    for index, value in enumerate(values):
        recent = [value] if index in begins else [*recent, value][-window:]
        known = [number for number in recent if number is not None]
        smoothed.append(sum(known) / len(known) if known else None)
    return smoothed
