"""Which answer a task is given most often, whatever is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prorl.regimen.validation import Frequent
from prorl.tasks.extract import marked

if TYPE_CHECKING:
    import polars as pl


def frequent_answers(judged: pl.DataFrame) -> dict[str, Frequent]:
    """The most frequent answer of each task in a table of judged samples; of equally frequent ones the first.

    An answer is what a completion marks as one, or else all of it: programs that end alike are not alike.
    """
    import polars as pl

    from prorl.boundary.samples import SUCCESS

    answer = pl.col("text").map_elements(_answer, pl.String)
    by_task = pl.len().over("task").alias("samples"), pl.col("problem").n_unique().over("task").alias("problems")
    answers = judged.with_columns(answer.alias("answer"), *by_task).filter(pl.col("answer") != "")
    counted = answers.group_by("task", "answer", "samples", "problems").agg(
        times=pl.len(), right=(pl.col("score") >= SUCCESS).mean()
    )
    ordered = counted.sort("task", "times", "answer", descending=[False, True, False])
    return {
        row["task"]: Frequent(row["answer"], row["times"] / row["samples"], row["right"], row["problems"])
        for row in ordered.unique("task", keep="first", maintain_order=True).iter_rows(named=True)
    }


def _answer(text: str) -> str:
    answer = marked(text)
    return text.strip() if answer is None else answer
