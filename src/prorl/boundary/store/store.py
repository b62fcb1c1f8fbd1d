"""The store: the samples of many models, ways of asking and seeds in one folder, and what was asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import polars as pl

from prorl.boundary.store.key import Asking, Key, Mode
from prorl.boundary.store.parts import Parts
from prorl.boundary.store.questions import Questions
from prorl.errors import UserError
from prorl.files import exclusive, flush, replace


@dataclass
class Store:
    """A folder with `samples/<model>/<asking>-<seed>/*.parquet`, `keys.json` and `problems.jsonl`.

    While it is open nobody else can add to it. No sample is ever replaced: they are added in parts, and new verdicts
    stand beside the old ones (`boundary.store.verdicts`).
    """

    folder: Path
    keys: dict[str, Key] = field(default_factory=dict)
    """By the folder of its samples."""
    _lock: IO[str] | None = None

    @staticmethod
    def open(folder: Path) -> Store:
        """Open or begin a store. Raises UserError if another process has it open or it can't be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = exclusive(folder / ".lock")
        except OSError as error:
            raise UserError(f"{folder}: {error.strerror}; choose a folder that can be written by --out") from None
        if lock is None:
            raise UserError(f"{folder} is in use by another process; wait for it or stop it")
        store = Store(folder, _read_keys(folder / "keys.json"), lock)
        for key in store.keys.values():
            store.parts(key).drop_unfinished()
        return store

    @staticmethod
    def read(folder: Path) -> Store:
        """A store to look into, also while another process adds to it. Raises UserError if there is none."""
        if not (folder / "keys.json").is_file():
            raise UserError(f"{folder} holds no samples (no keys.json); give the --out folder of prorl boundary")
        return Store(folder, _read_keys(folder / "keys.json"))

    @property
    def questions(self) -> Questions:
        """What was asked."""
        return Questions(self.folder / "problems.jsonl")

    def parts(self, key: Key) -> Parts:
        """The samples of a key. A store that is open to be added to remembers the key from now on."""
        name = str(key.folder)
        if name not in self.keys and self._lock is not None:
            self.keys[name] = key
            content = {folder: asdict(known) for folder, known in self.keys.items()}
            replace(self.folder / "keys.json", json.dumps(content, indent=1).encode() + b"\n")
            (self.folder / "samples" / name).mkdir(parents=True, exist_ok=True)
            flush(self.folder / "samples")
        return Parts(self.folder / "samples" / name)

    def scan(self, keys: Iterable[Key], columns: Iterable[str]) -> pl.LazyFrame:
        """The rows of several keys, lazily."""
        return pl.concat([self.parts(key).scan(columns) for key in keys])

    def close(self) -> None:
        """Let others add to it."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _read_keys(file: Path) -> dict[str, Key]:
    if not file.exists():
        return {}
    content: Mapping[str, Mapping[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return {
        folder: Key(known["model"], Asking(**{**known["asking"], "mode": Mode(known["asking"]["mode"])}), known["seed"])
        for folder, known in content.items()
    }
