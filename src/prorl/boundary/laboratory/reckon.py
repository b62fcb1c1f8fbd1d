"""From evidence to results: every estimate, comparison and claim in one place."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from prorl.boundary.claims import Claims, claims
from prorl.boundary.competence import competence
from prorl.boundary.contrasts import contrasts
from prorl.boundary.curves import curves
from prorl.boundary.estimators import boundary_k, k_grid
from prorl.boundary.floors import floors
from prorl.boundary.laboratory import by_answers, by_reasoning, by_training
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.results import Read, Results
from prorl.boundary.paired import OVERALL, STRICT, TOLERANT, Paired, pair
from prorl.boundary.regimes import regimes
from prorl.boundary.spread import spread
from prorl.boundary.support import support

LEVEL = 0.95


def reckon(evidence: Evidence, *, seed: int = 0, level: float = LEVEL) -> Results:
    """All results. Equal evidence and seed give equal numbers. Raises UserError for evidence that doesn't fit."""
    paired = pair(evidence.counts)
    ks, boundary = k_grid(paired.samples), boundary_k(paired.samples)
    names = (*paired.tasks, OVERALL)
    grid = tuple(sorted({*ks, boundary}))
    both_ways = [
        contrasts(paired, grid, boundary, extraction=extraction, seed=seed, level=level)
        for extraction in (STRICT, TOLERANT)
        if paired.tuned
    ]
    of_models = {model: curves(paired, model, grid, seed=seed, level=level) for model in paired.models}
    found_claims = tuple(_claims(evidence, paired, tuned) for tuned in paired.tuned)
    found_support = tuple(
        support(paired, tuned, name, seed=seed, level=level) for tuned in paired.tuned for name in names
    )
    return Results(
        models=paired.models,
        source=evidence.source,
        samples=paired.samples,
        problems=sum(map(len, paired.problems.values())),
        ks=grid,
        boundary_k=boundary,
        level=level,
        curves=tuple(curve for model in paired.models for curve in of_models[model]),
        contrasts=tuple(row for rows in both_ways for row in rows),
        support=found_support,
        spread=tuple(spread(paired, model, name, ks) for model in paired.models for name in names),
        floors=tuple(floors(paired, paired.samples)),
        claims=found_claims,
        regimes=tuple(regimes(paired, three, boundary, seed=seed, level=level)) if (three := _three(paired)) else (),
        competence=tuple(
            competence(paired, tuned, unit, _competence_k(paired, boundary), seed=seed, level=level)
            for tuned in paired.tuned
            for unit in ("problem", "task")
            if paired.samples >= 2
        ),
        levels=by_training.levels(evidence, grid, boundary, seed, level),
        out_of_training=by_training.out_of_training(evidence, paired.tasks),
        duration=by_training.duration(evidence, of_models, boundary),
        majority=by_answers.majority(evidence, paired.samples, seed, level),
        answer_entropy=by_answers.entropy(evidence, seed, level),
        shares={model: rows.to_dicts() for model, rows in evidence.shares.items()},
        checked=tuple(by_reasoning.checked(evidence, grid, seed, level)),
        read=_read(evidence),
        matched=tuple(evidence.matched),
        matched_contrasts=tuple(
            row
            for tuned, counts in evidence.at_matched.items()
            for row in contrasts(
                pair({paired.base: evidence.counts[paired.base], tuned: counts}), grid, boundary, seed=seed, level=level
            )
        ),
        novelty=tuple(evidence.novelty),
        questions=_listed_questions(evidence, found_claims),
    )


def _three(paired: Paired) -> tuple[str, str, str] | None:
    """Base, the middle one of the others, and the last; None for fewer than three models."""
    if len(paired.tuned) < 2:
        return None
    return paired.base, paired.tuned[(len(paired.tuned) - 1) // 2], paired.tuned[-1]


def _competence_k(paired: Paired, boundary: int) -> int:
    """The largest power of two that half of the samples allow for, at most the boundary's k."""
    k = 1
    while 2 * k <= min(boundary, paired.samples // 2):
        k *= 2
    return k


def _claims(evidence: Evidence, paired: Paired, tuned: str) -> Claims:
    counts = evidence.counts[tuned]
    keys = ["task", "problem"]
    if tuned in evidence.guesses:
        counts = counts.join(evidence.guesses[tuned], on=keys, how="left")
    checked = evidence.judged.get(tuned, evidence.verified.get(tuned))
    if checked is not None:
        counts = counts.join(checked, on=keys, how="left")
    base = evidence.counts[paired.base]
    fresh = base.clear() if evidence.fresh is None else evidence.fresh
    return claims(base, counts, fresh, names=(paired.base, tuned))


def _read(evidence: Evidence) -> tuple[Read, ...]:
    return tuple(
        Read(s.scorer, s.author, s.right_ones, s.rows.height, s.tokens, s.entropy, s.perplexity)
        for s in evidence.scores
    )


def _listed_questions(evidence: Evidence, found: Sequence[Claims]) -> dict[str, str]:
    listed = {claim.problem for claims in found for claim in claims.claims}
    return {
        problem: evidence.questions[problem].question for problem in sorted(listed) if problem in evidence.questions
    }


def total_samples(evidence: Evidence) -> int:
    """Samples that are counted, over all models."""
    return sum(int(frame.select(pl.col("n").sum()).item()) for frame in evidence.counts.values())
