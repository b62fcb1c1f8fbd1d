"""Whether all that a measurement counted is still in its folder, and there once."""

from __future__ import annotations

import polars as pl

from prorl.boundary.store.parts import Parts
from prorl.errors import UserError, lines_of


def check_readable(parts: Parts) -> None:
    """Raise UserError for a part that is no Parquet any more, such as one whose end was cut off."""
    for file in parts.files:
        try:
            pl.scan_parquet(file, glob=False).collect_schema()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UserError(f"{file} can't be read ({lines_of(error)[0]}); restore it from a copy") from None


def check_once(parts: Parts, model: str, rows: pl.LazyFrame) -> int:
    """How many of a model's samples `rows` (problem, sample) hold. Raises UserError if some stand there twice."""
    sizes = pl.len().alias("all"), pl.col("sample").n_unique().alias("different")
    every, different = rows.group_by("problem").agg(*sizes).select("all", "different").sum().collect().row(0)
    if every > different:
        raise UserError(
            f"{parts.folder}: {every - different} samples of {model} stand there twice; is one of the files a copy of "
            "another? Remove it, or restore the folder"
        )
    return int(different)


def check_whole(parts: Parts, model: str, rows: pl.LazyFrame, wanted: int, command: str) -> None:
    """Raise UserError unless `rows` (problem, sample) hold the `wanted` samples of a model, each once.

    `command` made them, and makes again what is missing.
    """
    there = check_once(parts, model, rows)
    if there < wanted:
        raise UserError(
            f"{parts.folder}: {there} of {wanted} samples of {model} are there; run this again, which adds the others: "
            f"{command}"
        )
