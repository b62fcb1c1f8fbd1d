"""From evidence to results: every estimate, comparison and claim in one place."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from prorl.boundary.analysis import analyse
from prorl.boundary.claims import Claims, claims
from prorl.boundary.contrasts import contrasts
from prorl.boundary.laboratory import by_answers, by_reasoning, by_training
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.results import Read, Results
from prorl.boundary.paired import pair
from prorl.tasks.names import OVERALL

LEVEL = 0.95


def reckon(evidence: Evidence, *, seed: int = 0, level: float = LEVEL) -> Results:
    """All results. Equal evidence and seed give equal numbers. Raises UserError for evidence that doesn't fit."""
    analysis = analyse(evidence.counts, seed=seed, level=level)
    base, *others = analysis.models
    tasks = sorted({curve.task for curve in analysis.curves} - {OVERALL})
    found_claims = tuple(_claims(evidence, base, tuned) for tuned in others)
    grid, boundary = analysis.ks, analysis.boundary_k
    return Results(
        source=evidence.source,
        samples=evidence.samples,
        problems=evidence.counts[base].height,
        analysis=analysis,
        claims=found_claims,
        levels=by_training.levels(evidence, grid, boundary, seed, level),
        out_of_training=by_training.out_of_training(evidence, tasks),
        duration=by_training.duration(evidence, analysis.curves, boundary),
        majority=by_answers.majority(evidence, evidence.samples, seed, level),
        answer_entropy=by_answers.entropy(evidence, seed, level),
        shares={model: rows.to_dicts() for model, rows in evidence.shares.items()},
        checked=tuple(by_reasoning.checked(evidence, grid, seed, level)),
        read=_read(evidence),
        matched=tuple(evidence.matched),
        matched_contrasts=tuple(
            contrasts(
                pair({base: evidence.counts[base], **evidence.at_matched}), grid, boundary, seed=seed, level=level
            )
        ),
        novelty=tuple(evidence.novelty),
        questions=_listed_questions(evidence, found_claims),
    )


def _claims(evidence: Evidence, base_name: str, tuned: str) -> Claims:
    counts = evidence.counts[tuned]
    keys = ["task", "problem"]
    if tuned in evidence.guesses:
        counts = counts.join(evidence.guesses[tuned], on=keys, how="left")
    checked = _held(evidence, tuned)
    if checked is not None:
        counts = counts.join(checked, on=keys, how="left")
    counts = counts.with_columns(unread=pl.col("task").is_in(list(evidence.unread)))
    base = evidence.counts[base_name]
    fresh = base.clear() if evidence.fresh is None else evidence.fresh
    return claims(base, counts, fresh, swaps=evidence.swaps.get(tuned), names=(base_name, tuned))


def _held(evidence: Evidence, model: str) -> pl.DataFrame | None:
    """Successes that stand under every check of their reasoning; the smaller count where both weren't put together."""
    if model in evidence.jointly:
        return evidence.jointly[model]
    found = [frames[model] for frames in (evidence.verified, evidence.judged) if model in frames]
    return pl.concat(found).group_by("task", "problem").agg(pl.col("c_verified").min()) if found else None


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
