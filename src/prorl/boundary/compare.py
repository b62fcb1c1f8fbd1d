"""Base against tuned from their samples: curves and contrasts as everywhere, and what became of the samples."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from prorl.boundary import samples as sample_table
from prorl.boundary.comparison import Comparison, Row, Side
from prorl.boundary.contrasts import Contrast, contrasts
from prorl.boundary.curves import Curve, curves
from prorl.boundary.intervals import Interval
from prorl.boundary.paired import pair
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


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

    The overall row is the mean of the tasks' means. Tests and their correction for the number of tasks are those of
    `contrasts`, at 1 and the largest k; the overall row is one test and isn't corrected. Equal tables and seed give
    equal numbers. Raises UserError when the tables don't hold the same problems, when one holds several models or a
    sample twice, or when a problem has fewer samples than the largest k.
    """
    ks = tuple(sorted({1, *ks}))
    models = _check(base, "base", ks), _check(tuned, "tuned", ks)
    frames = {"base": base, "tuned": tuned}
    paired = pair({name: sample_table.counts(frame, threshold) for name, frame in frames.items()})
    of_base, of_tuned = (
        {curve.task: curve for curve in curves(paired, name, ks, seed=seed, level=level)} for name in frames
    )
    rows = [
        _row(contrast, of_base[contrast.task], of_tuned[contrast.task], frames, paired.members(contrast.task))
        for contrast in contrasts(paired, ks, ks[-1], seed=seed, level=level)
    ]
    return Comparison(models[0], models[1], ks, level, threshold, seed, rows[:-1], rows[-1])


def _row(contrast: Contrast, base: Curve, tuned: Curve, frames: dict[str, pl.DataFrame], tasks: Sequence[str]) -> Row:
    parts = [frame.filter(pl.col("task").is_in(tasks)) for frame in frames.values()]
    largest = contrast.boundary_k
    return Row(
        task=contrast.task,
        problems=contrast.problems,
        base=_side(base, parts[0]),
        tuned=_side(tuned, parts[1]),
        delta=contrast.delta,
        p_value=contrast.p_value[1],
        p_corrected=contrast.p_corrected[1],
        score_floor=_score_floor(parts),
        largest_p_value=contrast.p_value[largest],
        largest_p_corrected=contrast.p_corrected[largest],
        unseen=contrast.unseen,
    )


def _side(curve: Curve, samples: pl.DataFrame) -> Side:
    shares = _outcome_shares(samples)
    return Side(
        samples=samples.height,
        pass_at=curve.strict,
        tolerant=curve.tolerant[1],
        mean_score=curve.score,
        unparseable=shares["unparseable"],
        timeouts=shares["timeout"],
        errors=shares["error"],
        unfinished=shares["unfinished"],
        tokens=shares["tokens"],
    )


def _outcome_shares(frame: pl.DataFrame) -> dict[str, float]:
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


__all__ = ["OVERALL", "Comparison", "Interval", "Row", "Side", "compare"]
