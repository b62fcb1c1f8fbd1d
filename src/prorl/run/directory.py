"""The folder of a run: where everything lies, and who may write there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from prorl.errors import UserError
from prorl.files import exclusive
from prorl.recipe.load import to_yaml
from prorl.recipe.schema import Recipe
from prorl.run import jsonl, lineage
from prorl.run.journal import read
from prorl.run.lineage import Origin


@dataclass
class RunDirectory:
    """Paths of a run. Holds a lock for as long as this process works on it."""

    path: Path
    _lock: IO[str] | None = None
    made: bool = False
    """Whether this process made the folder."""

    @staticmethod
    def check_free(path: Path) -> None:
        """Raises UserError, writing nothing, if a run could not begin in `path`."""
        if (path / "recipe.yaml").exists():
            raise UserError(
                f"run directory {path} already holds a run; go on by --resume {path}, or choose another by --out"
            )
        if path.is_dir() and any(not _is_skeleton(entry) for entry in path.iterdir()):
            raise UserError(f"run directory {path} is not empty; choose another by --out")
        nearest = next(parent for parent in (path.absolute(), *path.absolute().parents) if os.path.lexists(parent))
        try:
            with TemporaryFile(dir=nearest):
                pass
        except OSError as error:
            raise UserError(f"run directory {path}: {nearest}: {error.strerror}; choose another by --out") from None

    @staticmethod
    def create(path: Path, recipe: Recipe, origin: Origin | None = None) -> RunDirectory:
        """A new run folder with its recipe, and before that what it was forked from.

        Raises UserError if it can't be written or already holds something.
        """
        RunDirectory.check_free(path)
        try:
            made = not path.exists()
            path.mkdir(parents=True, exist_ok=True)
            directory = RunDirectory(path, made=made)
            directory._take_lock()
            for part in _PARTS:
                (path / part).mkdir(exist_ok=True)
            lineage.note(path, origin)
            jsonl.replace(directory.recipe, to_yaml(recipe).encode())
        except OSError as error:
            raise UserError(f"run directory {path}: {error.strerror}; choose a writable one by --out") from None
        return directory

    @staticmethod
    def open(path: Path) -> RunDirectory:
        """An existing run, to be taken up. Raises UserError if there is none or somebody else is at work in it."""
        if not (path / "recipe.yaml").is_file():
            raise UserError(f"run directory {path} holds no run (no recipe.yaml); start one with: prorl train RECIPE")
        directory = RunDirectory(path)
        try:
            directory._take_lock()
        except OSError as error:
            raise UserError(f"run directory {path}: {error.strerror}; make it writable") from None
        return directory

    @property
    def recipe(self) -> Path:
        """The recipe with every default written out."""
        return self.path / "recipe.yaml"

    @property
    def journal(self) -> Path:
        """Every decision."""
        return self.path / "journal.jsonl"

    @property
    def metrics(self) -> Path:
        """Numbers by step; the same for the same recipe and seed."""
        return self.path / "metrics.jsonl"

    @property
    def timings(self) -> Path:
        """Seconds by step."""
        return self.path / "timings.jsonl"

    @property
    def validations(self) -> Path:
        """Numbers of every validation, by step."""
        return self.path / "validations.jsonl"

    @property
    def environment(self) -> Path:
        """What each process that worked on the run was computed on and with."""
        return self.path / "environment.jsonl"

    @property
    def logs(self) -> tuple[Path, ...]:
        """The files that only grow."""
        return (self.journal, self.metrics, self.timings, self.validations)

    @property
    def requests(self) -> Path:
        """What a person asked of the run and was not seen to yet, one file each."""
        return self.path / "requests"

    @property
    def checkpoints(self) -> Path:
        """One folder a checkpoint."""
        return self.path / "checkpoints"

    @property
    def references(self) -> Path:
        """One file a reference policy, named by its content."""
        return self.path / "references"

    @property
    def rollouts(self) -> Path:
        """What was sampled and how it was judged, one file a step."""
        return self.path / "rollouts"

    def rollouts_upto(self, step: int) -> list[Path]:
        """The files of all steps that were made: not those that a resume has undone, nor of the one under way."""
        files = sorted(self.rollouts.glob("step_*.jsonl"))
        return [file for file in files if int(file.stem.removeprefix("step_")) <= step]

    @property
    def samples(self) -> Path:
        """The held-out evaluation's sample tables."""
        return self.path / "samples"

    @property
    def comparison(self) -> Path:
        """Base against trained, as JSON."""
        return self.path / "comparison.json"

    @property
    def model(self) -> Path:
        """The trained model as a Hugging Face folder."""
        return self.path / "model"

    def set_results_aside(self) -> None:
        """Give what was made at an end of the run names with the step of that end, as it isn't the end any more."""
        ends = [event["step"] for event in read(self.journal) if event["event"] == "stage_end"]
        for path in (self.model, self.comparison, self.samples / "trained.parquet"):
            if path.exists():
                os.replace(path, free_path(path.parent, f"{path.stem}_{ends[-1]:06d}", path.suffix))

    @property
    def lock(self) -> Path:
        """Held by the process that works on the run."""
        return self.path / _LOCK

    def close(self) -> None:
        """Let others work here."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        self._lock = exclusive(self.lock)
        if self._lock is None:
            raise UserError(f"run directory {self.path} is in use by another process; wait for it or stop it")


_LOCK = ".lock"
_PARTS = ("checkpoints", "references", "rollouts", "samples", "requests")


def _is_skeleton(entry: Path) -> bool:
    """Whether this is all that a process left behind which died before it could write the recipe."""
    if entry.name in _PARTS:
        return entry.is_dir() and not any(entry.iterdir())
    return entry.name in (_LOCK, "recipe.yaml.partial", lineage.FILE, f"{lineage.FILE}.partial")


def free_path(parent: Path, name: str, suffix: str = "") -> Path:
    """The first of `name`, `name-2`, `name-3`, … that does not exist in `parent`, each with `suffix`."""
    path, number = parent / f"{name}{suffix}", 1
    while os.path.lexists(path):
        number += 1
        path = parent / f"{name}-{number}{suffix}"
    return path
