"""The sample table: what each model answered to each problem, and how it was judged. Stored as Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from prorl.errors import UserError
from prorl.files import flush

SCHEMA = pl.Schema(
    {
        "model": pl.String(),
        "task": pl.String(),
        "problem": pl.String(),
        "sample": pl.Int32(),
        "score": pl.Float64(),
        "tolerant_score": pl.Float64(),
        "outcome": pl.String(),
        "tokens": pl.Int32(),
        "finished": pl.Boolean(),
        "text": pl.String(),
    }
)
"""`problem` is the problem's id, `sample` counts from 0 within it, `outcome` is a `tasks.contract.Outcome`,
`tokens` the completion's length and `finished` whether it ended by itself before its length limit."""

PARTIAL = ".partial"
"""How a file is called while it is being written."""

SUCCESS = 1.0
"""A sample is a success when its score reaches this. Anything lower is partial credit, which solves nothing."""

SCALE = "scores are from 0 to 1, and 1 is a success; bring them to this scale"
"""What is said of other scores, among which successes can't be told."""


def table(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows with the keys of `SCHEMA` as a table; other keys are an error."""
    rows = list(rows)
    unknown = sorted({key for row in rows for key in row} - set(SCHEMA))
    if unknown:
        raise ValueError(f"sample rows have unknown columns {unknown}; known are {list(SCHEMA)}")
    return pl.DataFrame(rows, schema=SCHEMA)


def check_new(path: Path) -> None:
    """Raise UserError if `path` is there already or can't be written, before anything is sampled for it.

    It is tried out as `write` does it; whatever was made for that is gone afterwards.
    """
    made: list[Path] = []
    try:
        if path.exists():
            raise UserError(f"{path} is there already; choose another --out")
        made = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        neighbour = path.with_name(path.name + PARTIAL)
        neighbour.touch()
        neighbour.unlink()
    except OSError as error:
        reason = f"{path.parent} is a file" if isinstance(error, FileExistsError) else error.strerror
        raise UserError(f"{path}: {reason}; choose a file that can be written by --out") from None
    finally:
        for folder in made:
            with suppress(OSError):  # not made, or somebody else uses it by now
                folder.rmdir()


def write(samples: pl.DataFrame, path: Path) -> None:
    """Write a sample table whole or not at all."""
    write_whole(samples.select(SCHEMA.names()).cast(SCHEMA), Path(path))


def write_whole(rows: pl.DataFrame, path: Path) -> None:
    """Write a Parquet file whole or not at all, and return when it is on the disk (fsync, rename)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    neighbour = path.with_name(path.name + PARTIAL)
    content = BytesIO()  # so that a full disk is an OSError here as for every other file
    rows.write_parquet(content)
    neighbour.write_bytes(content.getbuffer())
    flush(neighbour)
    os.replace(neighbour, path)
    flush(path.parent)


def read(path: Path) -> pl.DataFrame:
    """Read a sample table. Raises UserError if the file lacks a column."""
    samples = pl.read_parquet(path, glob=False)
    missing = [name for name in SCHEMA if name not in samples.columns]
    if missing:
        raise UserError(f"{path}: not a sample table, it lacks {', '.join(missing)}")
    return samples.select(SCHEMA.names()).cast(SCHEMA)


def counts(samples: pl.DataFrame | pl.LazyFrame, threshold: float = SUCCESS) -> pl.DataFrame:
    """Counts by problem, sorted by task and problem: all that the estimators need.

    Columns: task, problem, n (samples), c (strict successes), c_tolerant (successes by tolerant extraction),
    score (mean strict score, partial credit included); and where samples are numbered, n_even and c_even: those of n
    and c whose number is even, which is one and the same half for every model (`boundary.competence`).
    """
    rows = samples.lazy()
    success, even = pl.col("score") >= threshold, pl.col("sample") % 2 == 0
    numbered = "sample" in rows.collect_schema()
    of_half = {"n_even": even, "c_even": even & success} if numbered else {}
    by_problem = rows.group_by("task", "problem").agg(
        pl.len().cast(pl.Int64).alias("n"),
        success.sum().cast(pl.Int64).alias("c"),
        (pl.col("tolerant_score") >= threshold).sum().cast(pl.Int64).alias("c_tolerant"),
        pl.col("score").mean(),
        *(kind.sum().cast(pl.Int64).alias(name) for name, kind in of_half.items()),
    )
    return by_problem.sort("task", "problem").collect()
