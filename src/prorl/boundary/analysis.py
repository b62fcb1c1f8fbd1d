"""The whole comparison of a base with tuned models, from counts by problem: what a report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from prorl.boundary.comparison import FEW_PROBLEMS
from prorl.boundary.competence import Competence, competence
from prorl.boundary.contrasts import Contrast, contrasts
from prorl.boundary.curves import Curve, curves
from prorl.boundary.estimators import boundary_k as default_boundary_k
from prorl.boundary.estimators import k_grid
from prorl.boundary.floors import Floor, floors
from prorl.boundary.intervals import RESAMPLES
from prorl.boundary.paired import STRICT, TOLERANT, Paired, pair
from prorl.boundary.plain import Plain
from prorl.boundary.regimes import MARGIN, Regime, regimes
from prorl.boundary.significance import PairedT, paired_t
from prorl.boundary.spread import Spread, spread
from prorl.boundary.support import Support, support
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


@dataclass(frozen=True, slots=True)
class Analysis(Plain):
    """Everything that follows from counts by problem; the first model is the base, the last the final one."""

    models: tuple[str, ...]
    ks: tuple[int, ...]
    boundary_k: int
    level: float
    seed: int
    curves: tuple[Curve, ...]
    contrasts: tuple[Contrast, ...]
    """Strict and tolerant; every tuned model on every task and overall."""
    supports: tuple[Support, ...]
    """Likewise. None of a model whose numbers of samples differ from the base's."""
    spreads: tuple[Spread, ...]
    floors: tuple[Floor, ...]
    regimes: tuple[Regime, ...]
    """Empty with fewer than three models."""
    instances: dict[str, PairedT | None]
    """By tuned model: the paired t-test of pass@1 over all problems (BroRL); None with one problem."""
    competences: tuple[Competence, ...]
    """Over problems and over tasks, for every tuned model. Empty with fewer than two samples of a problem."""
    warnings: tuple[str, ...]


def analyse(
    frames: Mapping[str, pl.DataFrame],
    *,
    ks: Sequence[int] | None = None,
    boundary_k: int | None = None,
    intermediate: str | None = None,
    margin: float = MARGIN,
    seed: int = 0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Analysis:
    """Analyse counts of models (`boundary.samples.counts`), the base first and the final model last.

    `ks` are by default 1, 2, 4, ... to the fewest samples of a problem, `boundary_k` 128 or those; `intermediate` is
    the middle one of the models between. Equal counts and seed give equal numbers. Raises UserError for counts that
    can't be compared, and for a k or an intermediate that they don't have.
    """
    paired = pair(frames)
    most = paired.samples
    k = default_boundary_k(most) if boundary_k is None else boundary_k
    grid = tuple(sorted({1, k, *(k_grid(most) if ks is None else ks)}))
    if grid[0] < 1 or grid[-1] > most:
        raise UserError(f"k must be 1 to {most}, the fewest samples of a problem; not {grid[0]} to {grid[-1]}")
    rows = (*paired.tasks, OVERALL)
    supports, unequal = _supports(paired, rows, seed, level)
    of_floors = tuple(floors(paired, k))
    three = _three(paired, intermediate)
    return Analysis(
        models=paired.models,
        ks=grid,
        boundary_k=k,
        level=level,
        seed=seed,
        curves=tuple(
            row
            for model in paired.models
            for row in curves(paired, model, grid, seed=seed, level=level, resamples=resamples)
        ),
        contrasts=tuple(
            row
            for extraction in (STRICT, TOLERANT)
            for row in contrasts(paired, grid, k, extraction=extraction, seed=seed, level=level, resamples=resamples)
        ),
        supports=supports,
        spreads=tuple(spread(paired, model, name, grid) for model in paired.models for name in rows),
        floors=of_floors,
        regimes=()
        if three is None
        else tuple(regimes(paired, three, k, margin=margin, seed=seed, level=level, resamples=resamples)),
        instances={tuned: _instances(paired, tuned) for tuned in paired.tuned},
        competences=_competences(paired, k, seed, level),
        warnings=(*_warnings(paired, of_floors), *unequal),
    )


def _three(paired: Paired, intermediate: str | None) -> tuple[str, str, str] | None:
    between = paired.tuned[:-1]
    if intermediate is not None and intermediate not in between:
        raise UserError(
            f"{intermediate} is no model between base and final; between are: {', '.join(between) or 'none'}"
        )
    if not between:
        return None
    return paired.base, intermediate or between[len(between) // 2], paired.tuned[-1]


def _supports(paired: Paired, rows: Sequence[str], seed: int, level: float) -> tuple[tuple[Support, ...], list[str]]:
    found: list[Support] = []
    unequal = []
    for tuned in paired.tuned:
        try:
            found += [
                support(paired, tuned, name, extraction=extraction, seed=seed, level=level)
                for extraction in (STRICT, TOLERANT)
                for name in rows
            ]
        except UserError as error:
            unequal.append(f"no solvable sets of {tuned}: {error}")
    return tuple(found), unequal


def _instances(paired: Paired, tuned: str) -> PairedT | None:
    before, after = paired.joined(paired.base, OVERALL), paired.joined(tuned, OVERALL)
    differences = after.c / after.n - before.c / before.n
    return paired_t(np.asarray(differences)) if len(differences) > 1 else None


def _competences(paired: Paired, k: int, seed: int, level: float) -> tuple[Competence, ...]:
    half = paired.samples // 2
    if half < 1:
        return ()
    units = (("problem", 1), ("task", min(k, half)))
    return tuple(
        competence(paired, tuned, unit, of_unit, seed=seed, level=level)
        for tuned in paired.tuned
        for unit, of_unit in units
    )


def _warnings(paired: Paired, of_floors: Sequence[Floor]) -> list[str]:
    found = [floor.warning for floor in of_floors if floor.warning]
    few = [task for task, problems in paired.problems.items() if len(problems) < FEW_PROBLEMS]
    if few:
        found.append(f"{', '.join(few)}: fewer than {FEW_PROBLEMS} problems, intervals of a task are too narrow then")
    return found
