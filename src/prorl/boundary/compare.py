"""Base against tuned on the same problems: what moved, how sure we are, and what the numbers can't say."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prorl.boundary import samples as sample_table
from prorl.boundary.comparison import Comparison, Row, Side
from prorl.boundary.estimators import pass_at_k
from prorl.boundary.intervals import Interval, mean_interval
from prorl.boundary.significance import holm, sign_flip_p
from prorl.errors import UserError

Floats = NDArray[np.float64]
OVERALL = "overall"


def compare(
    base: pl.DataFrame,
    tuned: pl.DataFrame,
    ks: Sequence[int] = (1, 16),
    seed: int = 0,
    *,
    level: float = 0.95,
    threshold: float = sample_table.SUCCESS,
) -> Comparison:
    """Compare two sample tables (`boundary.samples`) problem by problem.

    The overall row is the mean of the tasks' means. Significance of a task is the paired sign-flip test on its
    pass@1, corrected by Holm's method for the number of tasks; the overall row is one test and isn't corrected.
    Equal tables and seed give equal numbers. Raises UserError when the tables don't hold the same problems, when one
    holds several models or a sample twice, or when a problem has fewer samples than the largest k.
    """
    ks = tuple(sorted({1, *ks}))
    models = _check(base, "base", ks), _check(tuned, "tuned", ks)
    _check_same_problems(base, tuned)
    sides = sample_table.counts(base, threshold), sample_table.counts(tuned, threshold)
    tasks = sides[0]["task"].unique().sort().to_list()
    rows = [_row(task, [task], base, tuned, sides, ks, seed, level) for task in tasks]
    for row, corrected in zip(rows, holm([row.p_value for row in rows]), strict=True):
        row.p_corrected = corrected
    overall = _row(OVERALL, tasks, base, tuned, sides, ks, seed, level)
    return Comparison(models[0], models[1], ks, level, threshold, seed, rows, overall)


def _row(
    name: str,
    tasks: list[str],
    base: pl.DataFrame,
    tuned: pl.DataFrame,
    sides: tuple[pl.DataFrame, pl.DataFrame],
    ks: tuple[int, ...],
    seed: int,
    level: float,
) -> Row:
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    frames = [frame.filter(pl.col("task").is_in(tasks)) for frame in (base, tuned)]
    counted = [[side.filter(pl.col("task") == task) for task in tasks] for side in sides]
    rates = {k: [[_rate(stratum, "c", k) for stratum in side] for side in counted] for k in ks}
    deltas = {k: _differences(both[0], both[1]) for k, both in rates.items()}
    p_value = sign_flip_p(deltas[1], rng)
    measured = []
    for index, (frame, strata) in enumerate(zip(frames, counted, strict=True)):
        shares = _outcome_shares(frame, tasks)
        measured.append(
            Side(
                samples=frame.height,
                pass_at={k: mean_interval(rates[k][index], rng, level=level) for k in ks},
                tolerant=mean_interval([_rate(s, "c_tolerant", 1) for s in strata], rng, level=level),
                mean_score=mean_interval([s["score"].to_numpy() for s in strata], rng, level=level),
                unparseable=shares["unparseable"],
                timeouts=shares["timeout"],
                errors=shares["error"],
                unfinished=shares["unfinished"],
                tokens=shares["tokens"],
            )
        )
    return Row(
        task=name,
        problems=sum(stratum.height for stratum in counted[0]),
        base=measured[0],
        tuned=measured[1],
        delta={k: mean_interval(deltas[k], rng, level=level, bounds=(-1.0, 1.0)) for k in ks},
        p_value=p_value,
        p_corrected=p_value,
        score_floor=_score_floor(frames),
    )


def _rate(stratum: pl.DataFrame, column: str, k: int) -> Floats:
    return pass_at_k(stratum["n"].to_numpy(), stratum[column].to_numpy(), k)


def _differences(base: Sequence[Floats], tuned: Sequence[Floats]) -> list[Floats]:
    return [after - before for before, after in zip(base, tuned, strict=True)]


def _outcome_shares(frame: pl.DataFrame, tasks: list[str]) -> dict[str, float]:
    """Shares of samples, as means of the tasks' shares like everything in a row."""
    shares = frame.group_by("task").agg(
        *((pl.col("outcome") == outcome).mean().alias(outcome) for outcome in ("unparseable", "timeout", "error")),
        (~pl.col("finished")).mean().alias("unfinished"),
        pl.col("tokens").mean(),
    )
    return {name: float(shares.sort("task")[name].to_numpy().mean()) for name in shares.columns if name != "task"}


def _score_floor(frames: Sequence[pl.DataFrame]) -> float:
    """The lowest score that a wrong answer got. Above zero, the verifier pays for any answer at all."""
    wrong = pl.concat([frame.filter(pl.col("outcome") == "wrong")["score"] for frame in frames])
    return float(wrong.min() or 0.0)  # type: ignore[arg-type]


def _check(frame: pl.DataFrame, which: str, ks: tuple[int, ...]) -> str:
    models = frame["model"].unique().sort().to_list()
    if len(models) != 1:
        raise UserError(f"the {which} samples must come from one model, they come from {len(models)}: {models}")
    keys = ["task", "problem", "sample"]
    repeated = frame.height - frame.select(keys).unique().height
    if repeated:
        raise UserError(f"the {which} samples hold {repeated} rows twice (same task, problem and sample number)")
    fewest = frame.group_by("task", "problem").len().sort("len", "task", "problem").row(0, named=True)
    if fewest["len"] < max(ks):
        raise UserError(
            f"pass@{max(ks)} needs {max(ks)} samples of every problem; the {which} samples have {fewest['len']} "
            f"of problem {fewest['problem']} of {fewest['task']}: sample more, or ask for a smaller k"
        )
    return str(models[0])


def _check_same_problems(base: pl.DataFrame, tuned: pl.DataFrame) -> None:
    ours, theirs = (set(frame.select("task", "problem").unique().iter_rows()) for frame in (base, tuned))
    if ours != theirs:
        raise UserError(
            f"base and tuned were asked different problems: {len(ours ^ theirs)} differ "
            f"({len(ours - theirs)} only base, {len(theirs - ours)} only tuned); sample both on the same problems"
        )


__all__ = ["OVERALL", "Comparison", "Interval", "Row", "Side", "compare"]
