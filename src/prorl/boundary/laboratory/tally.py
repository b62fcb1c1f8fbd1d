"""What is counted of samples besides successes: answers, and samples that went wrong."""

from __future__ import annotations

import polars as pl

from prorl.boundary.samples import SUCCESS


def answer_counts(rows: pl.LazyFrame, threshold: float = SUCCESS) -> pl.DataFrame:
    """How often each answer of a problem was given (`boundary.answers`). Answers that differ only in white space or in
    capitals are one; what was right once is a right answer."""
    key = pl.col("answer").str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    return (
        rows.with_columns(answer=key)
        .group_by("task", "problem", "answer")
        .agg(pl.len().cast(pl.Int64).alias("count"), (pl.col("score") >= threshold).any().alias("correct"))
        .sort("task", "problem", "answer")
        .collect()
    )


def outcome_shares(rows: pl.LazyFrame) -> pl.DataFrame:
    """By task: shares of samples that were unparseable, timed out, failed to be judged or hit the length limit, and
    the mean number of tokens; null where a column isn't known."""
    outcomes = ("unparseable", "timeout", "error")
    return (
        rows.group_by("task")
        .agg(
            *((pl.col("outcome") == outcome).mean().alias(outcome) for outcome in outcomes),
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
