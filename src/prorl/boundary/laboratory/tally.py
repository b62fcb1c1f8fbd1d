"""What is counted of samples besides successes: answers, and samples that went wrong."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from prorl.boundary.samples import SUCCESS
from prorl.verify.verdict import Outcome

NOT_READ = (Outcome.UNPARSEABLE, Outcome.TIMEOUT, Outcome.ERROR)
"""Outcomes of samples that hold no answer in the format that was asked for, or none that could be judged."""


def answer_counts(rows: pl.LazyFrame, threshold: float = SUCCESS) -> pl.DataFrame:
    """How often each answer of a problem was given (`boundary.answers`) in the format that was asked for.

    An answer that only tolerant extraction reads is none, as one that wasn't judged: its sample counts among those
    without an answer. Answers that differ only in white space or in capitals are one; what was right once is a right
    answer, of this model (`right_in_any` shares it between models).
    """
    key = pl.col("answer").str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    unread = pl.col("outcome").is_in([outcome.value for outcome in NOT_READ]).fill_null(False)
    return (
        rows.with_columns(answer=pl.when(unread).then(None).otherwise(key))
        .group_by("task", "problem", "answer")
        .agg(pl.len().cast(pl.Int64).alias("count"), (pl.col("score") >= threshold).any().alias("correct"))
        .sort("task", "problem", "answer")
        .collect()
    )


def right_in_any(answers: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """By model: the same counts, where an answer that was right of one model is right of all."""
    key = ["task", "problem", "answer"]
    right = pl.concat([frame.filter("correct").select(key) for frame in answers.values()]).unique()
    return {
        model: frame.drop("correct")
        .join(right.with_columns(correct=True), on=key, how="left", maintain_order="left")
        .with_columns(pl.col("correct").fill_null(False))
        for model, frame in answers.items()
    }


def outcome_shares(rows: pl.LazyFrame) -> pl.DataFrame:
    """By task: shares of samples that were unparseable, timed out, failed to be judged or hit the length limit, and
    the mean number of tokens; null where a column isn't known."""
    return (
        rows.group_by("task")
        .agg(
            *((pl.col("outcome") == outcome.value).mean().alias(outcome.value) for outcome in NOT_READ),
            (~pl.col("finished")).mean().alias("unfinished"),
            pl.col("tokens").mean(),
        )
        .sort("task")
        .collect()
    )


def right_answers(rows: pl.LazyFrame, threshold: float = SUCCESS) -> pl.LazyFrame:
    """Texts of right answers: task, problem, text, in the order of their numbers."""
    right = rows.filter((pl.col("score") >= threshold) & pl.col("text").is_not_null())
    return right.sort("task", "problem", "sample").select("task", "problem", "text")
