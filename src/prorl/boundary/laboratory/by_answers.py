"""Results from what was answered: majority@k and the entropy of answers."""

from __future__ import annotations

import math

from prorl.boundary.answers import by_problem
from prorl.boundary.estimators import k_grid
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.means import Mean, means


def majority(evidence: Evidence, samples: int, seed: int, level: float) -> dict[str, dict[int, list[Mean]]]:
    """By model: majority@k over every other k of the grid."""
    ks = k_grid(samples)[::2]
    found = {}
    for model, answers in evidence.answers.items():
        rows = by_problem(answers, ks, seed=seed)
        columns = {f"majority@{k}": (0.0, 1.0) for k in ks}
        measured = means(rows, columns, seed=seed, level=level)
        found[model] = {k: measured[f"majority@{k}"] for k in ks}
    return found


def entropy(evidence: Evidence, seed: int, level: float) -> dict[str, list[Mean]]:
    """By model: entropy of the answers to a problem, in nats."""
    found = {}
    for model, answers in evidence.answers.items():
        rows = by_problem(answers, (), seed=seed)
        found[model] = means(rows, {"entropy": (0.0, math.log(32))}, seed=seed, level=level)["entropy"]
    return found
