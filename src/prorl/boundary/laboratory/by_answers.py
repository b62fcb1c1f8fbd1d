"""Results from what was answered: majority@k and the entropy of answers."""

from __future__ import annotations

import math

import polars as pl

from prorl.boundary.answers import ENTROPY_SAMPLES, by_problem
from prorl.boundary.estimators import k_grid
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.tally import right_in_any
from prorl.boundary.means import Mean, means


def majority(evidence: Evidence, samples: int, seed: int, level: float) -> dict[str, dict[int, list[Mean]]]:
    """By model: majority@k over every other k of the grid. Equal answers are right of all models or of none."""
    if not evidence.answers:
        return {}
    ks = k_grid(samples)[::2]
    found = {}
    for model, answers in right_in_any(evidence.answers).items():
        rows = by_problem(answers, ks, seed=seed)
        columns = {f"majority@{k}": (0.0, 1.0) for k in ks}
        measured = means(rows, columns, seed=seed, level=level)
        found[model] = {k: measured[f"majority@{k}"] for k in ks}
    return found


def entropy(evidence: Evidence, seed: int, level: float) -> dict[str, list[Mean]]:
    """By model: entropy of the answers to a problem, in nats, over `ENTROPY_SAMPLES` answers.

    A problem to which some model gave fewer answers is missing for all, so that the means are over equal problems.
    """
    rows = {model: by_problem(answers, (), seed=seed) for model, answers in evidence.answers.items()}
    key = ["task", "problem"]
    short = [frame.filter(pl.col("entropy").is_null()).select(key) for frame in rows.values()]
    found = {}
    for model, frame in rows.items():
        missing = frame.join(pl.concat(short), on=key, how="semi").with_columns(entropy=pl.lit(None, pl.Float64))
        shared = pl.concat([frame.join(missing, on=key, how="anti"), missing])
        bounds = {"entropy": (0.0, math.log(ENTROPY_SAMPLES))}
        found[model] = means(shared, bounds, seed=seed, level=level)["entropy"]
    return found
