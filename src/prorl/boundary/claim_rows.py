"""The problems that look newly solvable, each as a row with all its counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from prorl.boundary.paired import pair

_KNOWN_OR_NOT = ("guess_rate", "guess_n", "guess_c", "c_verified", "unread")


def candidates(base: pl.DataFrame, tuned: pl.DataFrame) -> list[tuple[str, str]]:
    """(task, problem) of every problem that looks new: the ones for which a fresh base sample is needed."""
    paired = pair({"base": base, "tuned": tuned})
    found = []
    for task, problems in paired.problems.items():
        new = (paired.counts["base"][task].c == 0) & (paired.counts["tuned"][task].c > 0)
        found += [(task, problems[at]) for at in np.flatnonzero(new)]
    return found


def rows_of(
    chosen: list[tuple[str, str]], base: pl.DataFrame, tuned: pl.DataFrame, fresh: pl.DataFrame
) -> list[dict[str, Any]]:
    """One row a candidate: all its counts; what isn't there is None.

    `c_held` are successes, by right steps if these were checked, and `checked` says whether they were.
    """
    keys = ["task", "problem"]
    wanted = pl.DataFrame(chosen, schema={"task": pl.String, "problem": pl.String}, orient="row")
    absent = [name for name in _KNOWN_OR_NOT if name not in tuned.columns]
    if not fresh.is_empty():
        pair({"the fresh base sample": fresh})
    tuned = tuned.with_columns(pl.lit(None).alias(name) for name in absent)
    tuned = tuned.with_columns(c_held=pl.coalesce("c_verified", "c"))
    whole = (
        wanted.join(tuned, on=keys, how="left")
        .join(base.select(*keys, n_base="n", tolerant_base="c_tolerant"), on=keys, how="left")
        .join(fresh.select(*keys, n_fresh="n", c_fresh="c", tolerant_fresh="c_tolerant"), on=keys, how="left")
    )
    rows = whole.sort(keys).to_dicts()
    return [{**row, "checked": bool(row["unread"]) or row["c_verified"] is not None} for row in rows]


def unsolved(base: pl.DataFrame) -> dict[str, int]:
    """By task: how many problems the base never solved."""
    return dict(base.filter(pl.col("c") == 0).group_by("task").len().iter_rows())
