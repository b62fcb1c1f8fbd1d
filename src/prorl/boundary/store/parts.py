"""A folder of Parquet parts: a part is written whole or not at all, and never again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from prorl.boundary.samples import PARTIAL, write_whole
from prorl.boundary.store.rows import SCHEMA, WHO
from prorl.errors import IntegrityError


class Parts:
    """The parts of one key. One process at a time may add to them (`Store` sees to that)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def files(self) -> list[Path]:
        """The parts in the order in which they were written."""
        return sorted(self.folder.glob("*.parquet"))

    def add(self, rows: pl.DataFrame) -> Path:
        """Write a new part; when this returns it is on the disk, whatever happens next."""
        self.folder.mkdir(parents=True, exist_ok=True)
        last = int(self.files[-1].stem) if self.files else 0
        path = self.folder / f"{last + 1:06d}.parquet"
        write_whole(rows.select(SCHEMA.names()).cast(SCHEMA), path)
        return path

    def drop_unfinished(self) -> None:
        """Remove what a killed process was writing."""
        for file in self.folder.glob(f"*{PARTIAL}"):
            file.unlink()

    def scan(self, columns: Iterable[str] = SCHEMA.names()) -> pl.LazyFrame:
        """All rows, lazily; an empty table if there is no part."""
        wanted = list(columns)
        if not self.files:
            return pl.LazyFrame(schema={name: SCHEMA[name] for name in wanted})
        return pl.scan_parquet(self.files, glob=False).select(wanted)

    def held(self) -> dict[str, set[int]]:
        """By problem: the numbers of the samples that are there. Raises IntegrityError if one is there twice."""
        rows = self.scan(WHO[1:]).collect()
        held: dict[str, set[int]] = {}
        for (problem,), part in rows.group_by("problem"):
            numbers = part["sample"].to_list()
            held[str(problem)] = set(numbers)
            if len(held[str(problem)]) != len(numbers):
                raise IntegrityError(f"{self.folder} holds a sample of problem {problem} twice; restore it from a copy")
        return held
