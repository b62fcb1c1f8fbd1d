"""JSONL and Parquet with one sample a row: problem, model, score, and what else is known."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from prorl.boundary.samples import SCALE, SUCCESS
from prorl.boundary.store.rows import SCHEMA
from prorl.errors import UserError, lines_of
from prorl.verify.verdict import Outcome

NEEDED = ("problem", "model", "score")
"""Columns that must be there. `sample` numbers a problem's samples; without it they are numbered as they come."""
_TOGETHER = ("model", "task", "problem")


def read(file: Path) -> tuple[pl.LazyFrame, list[str]]:
    """The rows of a file in the columns of the store, and what a reader must know of how they were read.

    `task` defaults to "all", `tolerant_score` to the score, `outcome` to solved by the score, unparseable where only
    the tolerant score counts (right, but not in the format that was asked for), else wrong. Raises UserError for a file
    that can't be read, lacks a column or a score, or has a column of another type, a score outside 0 to 1 or a sample
    twice.
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
        "outcome": pl.when(pl.col("score") >= SUCCESS).then(pl.lit(Outcome.SOLVED.value))
        .when(pl.col("tolerant_score") >= SUCCESS).then(pl.lit(Outcome.UNPARSEABLE.value))
        .otherwise(pl.lit(Outcome.WRONG.value)),
    }  # fmt: skip
    rows = _with_scores(file, _of_our_types(file, rows))
    for name, value in defaults.items():  # one after the other: the outcome is told from the tolerant score
        rows = rows if name in there else rows.with_columns(value.alias(name))
    if "sample" in there:
        _refuse_repeated(file, rows)
    else:
        rows = rows.with_columns(sample=pl.int_range(pl.len()).over(_TOGETHER))
    absent = [pl.lit(None).alias(name) for name in SCHEMA if name not in (*there, *defaults, "sample")]
    notes = [] if "tolerant_score" in there else [f"{file.name}: no tolerant scores; strict ones stand for both"]
    return rows.with_columns(absent).select(SCHEMA.names()).cast(SCHEMA), notes


def _of_our_types(file: Path, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The columns that the store has too, in its types."""
    types = rows.collect_schema()
    for name in [name for name in SCHEMA if name in types and types[name] != SCHEMA[name]]:
        cast = pl.col(name).cast(SCHEMA[name])
        try:
            rows.select(cast.null_count()).collect()
        except pl.exceptions.PolarsError as error:
            raise UserError(f"{file}: column {name}: {lines_of(error)[0]}; it must hold {SCHEMA[name]}") from None
        rows = rows.with_columns(cast)
    return rows


def _with_scores(file: Path, rows: pl.LazyFrame) -> pl.LazyFrame:
    """Scores are from 0 to 1; NaN is none, strict or tolerant; a tolerant one that is missing is the strict one."""
    scores = [name for name in ("score", "tolerant_score") if name in rows.collect_schema()]
    rows = rows.with_columns(pl.col(scores).fill_nan(None))
    for name in scores:
        outside = rows.select(name).filter(~pl.col(name).is_between(0.0, 1.0)).collect()[name]
        if outside.len():
            raise UserError(
                f"{file}: {outside.len()} rows are of another scale, in the first {name} is {outside[0]:g}; {SCALE}"
            )
    missing = rows.select(pl.col("score").null_count()).collect().item()
    if missing:
        raise UserError(f"{file}: {missing} rows have no score; judge them, or leave them out")
    return rows.with_columns(pl.col(scores).fill_null(pl.col("score")))


def _refuse_repeated(file: Path, rows: pl.LazyFrame) -> None:
    """A sample that stands twice would count twice."""
    who = [*_TOGETHER, "sample"]
    numbered = rows.select(who).collect()
    repeated = numbered.height - numbered.n_unique()
    if repeated:
        model, task, problem, sample = numbered.filter(numbered.is_duplicated()).sort(who).row(0)
        raise UserError(
            f"{file}: it holds {repeated} rows twice (same model, task, problem and sample number), the first is "
            f"sample {sample} of problem {problem} of {task} by {model}; number the samples, or leave `sample` out"
        )


def _opened(file: Path) -> pl.LazyFrame:
    try:
        if file.suffix == ".parquet":
            rows = pl.scan_parquet(file, glob=False)
            rows.collect_schema()
            return rows
        with file.open("rb") as stream:  # a path would be taken as a pattern
            return pl.read_ndjson(stream, infer_schema_length=None).lazy()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = lines_of(error)[0]
        raise UserError(f"{file}: {reason}; give Parquet, or JSONL with one sample a line") from None
