"""How often one model solves the problems of each task: a sample table in a few rows."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from prorl.boundary import samples as sample_table
from prorl.boundary.estimators import pass_at_k
from prorl.boundary.intervals import Interval, mean_interval
from prorl.tasks.names import OVERALL


@dataclass(frozen=True, slots=True)
class Rates:
    """One model on one task, or on all of them: then everything is the mean of the tasks' means."""

    task: str
    problems: int
    samples: int
    pass_at: dict[int, Interval]
    """By k: strict pass@k, with a 95 % interval over problems."""
    tolerant: float
    """pass@1 when the answer may stand in any reasonable place."""
    mean_score: float
    """With partial credit. Not a success rate."""
    unparseable: float
    timeouts: float
    errors: float
    unfinished: float
    """Share of samples that hit the length limit."""
    tokens: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def rates(table: pl.DataFrame, ks: Sequence[int]) -> list[Rates]:
    """One row a task, sorted by name, and the overall row last. `ks` may not exceed the samples of any problem."""
    counted = sample_table.counts(table)
    tasks = counted["task"].unique().sort().to_list()
    parts = {task: counted.filter(pl.col("task") == task) for task in tasks}
    shares = {task: _shares(table.filter(pl.col("task") == task)) for task in tasks}
    rows = [_row(task, [parts[task]], [shares[task]], ks) for task in tasks]
    return [*rows, _row(OVERALL, list(parts.values()), list(shares.values()), ks)]


def _row(name: str, parts: Sequence[pl.DataFrame], shares: Sequence[dict[str, float]], ks: Sequence[int]) -> Rates:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    by_k = {k: [pass_at_k(part["n"].to_numpy(), part["c"].to_numpy(), k) for part in parts] for k in ks}
    mean = {key: float(np.mean([share[key] for share in shares])) for key in shares[0]}
    return Rates(
        name,
        sum(part.height for part in parts),
        sum(int(part["n"].sum()) for part in parts),
        {k: mean_interval(values, rng) for k, values in by_k.items()},
        **mean,
    )


def _shares(frame: pl.DataFrame) -> dict[str, float]:
    outcome = pl.col("outcome")
    success = pl.col("tolerant_score") >= sample_table.SUCCESS
    return frame.select(
        success.mean().alias("tolerant"),
        pl.col("score").mean().alias("mean_score"),
        (outcome == "unparseable").mean().alias("unparseable"),
        (outcome == "timeout").mean().alias("timeouts"),
        (outcome == "error").mean().alias("errors"),
        (~pl.col("finished")).mean().alias("unfinished"),
        pl.col("tokens").mean().alias("tokens"),
    ).row(0, named=True)
