"""JSONL and Parquet with one sample a row: problem, model, score, and what else is known."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from prorl.boundary.store.rows import SCHEMA
from prorl.errors import UserError

NEEDED = ("problem", "model", "score")
"""Columns that must be there. `sample` numbers a problem's samples; without it they are numbered as they come."""
_TOGETHER = ("model", "task", "problem")


def read(file: Path) -> tuple[pl.LazyFrame, list[str]]:
    """The rows of a file in the columns of the store, and what a reader must know of how they were read.

    `task` defaults to "all", `tolerant_score` to the score, `outcome` to solved or wrong by the score. Raises UserError
    for a file that can't be read or lacks a column.
    """
    rows = _opened(file)
    there = rows.collect_schema().names()
    missing = [name for name in NEEDED if name not in there]
    if missing:
        raise UserError(
            f"{file}: it lacks {', '.join(missing)}; a row needs {', '.join(NEEDED)}, and may have task, sample, text, "
            "tolerant_score, answer, outcome, tokens, finished"
        )
    defaults = {
        "task": pl.lit("all"),
        "tolerant_score": pl.col("score"),
        "outcome": pl.when(pl.col("score") >= 1.0).then(pl.lit("solved")).otherwise(pl.lit("wrong")),
    }
    rows = rows.with_columns(pl.col("score").cast(pl.Float64))
    rows = rows.with_columns(**{name: value for name, value in defaults.items() if name not in there})
    if "sample" not in there:
        rows = rows.with_columns(sample=pl.int_range(pl.len()).over(_TOGETHER))
    absent = [pl.lit(None).alias(name) for name in SCHEMA if name not in (*there, *defaults, "sample")]
    notes = [] if "tolerant_score" in there else [f"{file.name}: no tolerant scores; strict ones stand for both"]
    return rows.with_columns(absent).select(SCHEMA.names()).cast(SCHEMA), notes


def _opened(file: Path) -> pl.LazyFrame:
    try:
        if file.suffix == ".parquet":
            rows = pl.scan_parquet(file)
            rows.collect_schema()
            return rows
        return pl.read_ndjson(file, infer_schema_length=None).lazy()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"{file}: {reason}; give Parquet, or JSONL with one sample a line") from None
