"""False claims: two models that are the same, and a model that only got sharper."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl

from prorl.boundary.claims import NEW, candidates, claims
from prorl.boundary.contrasts import ROSE, contrasts
from prorl.boundary.paired import pair
from prorl.boundary.regimes import PLATEAU, SUSTAINED, UNDECIDED, regimes
from prorl.boundary.self_test.lines import Line, at_least, at_most
from prorl.boundary.self_test.made_up import SAMPLES, Rates, counts, rates, sharpened
from prorl.tasks.names import OVERALL

MODELS = ("base", "intermediate", "final")
K = 128
RESAMPLES = DRAWS = 1000


def base_against_base(suites: int, seed: int) -> list[Line]:
    """Shares of suites with any false claim when all models are the base."""
    rng = np.random.default_rng([seed, 2])
    false: Counter[str] = Counter()
    for number in range(suites):
        true = rates(rng)
        false.update(_false_claims(true, number, rng))
    return [
        at_most(f"base against base, {suites} suites: boundary 'rose' overall", false["overall"] / suites, 0.05),
        at_most(f"base against base, {suites} suites: boundary 'rose' in any of 8 tasks", false["task"] / suites, 0.05),
        at_most(f"base against base, {suites} suites: any problem 'new'", false["new"] / suites, 0.05),
        at_most(f"base against base, {suites} suites: any regime, tasks or overall", false["regime"] / suites, 0.05),
        # Without this the simulation would be too easy to show anything.
        at_least(f"base against base, {suites} suites: problems that look new, by suite", false["naive"] / suites, 1.0),
    ]


def _false_claims(true: Rates, number: int, rng: np.random.Generator) -> Counter[str]:
    frames = {model: counts(true, SAMPLES, rng) for model in MODELS}
    paired = pair({model: frames[model] for model in ("base", "final")})
    found = contrasts(paired, (1, K), K, seed=number, resamples=RESAMPLES, draws=DRAWS)
    called = regimes(pair(frames), MODELS, K, seed=number, resamples=RESAMPLES, draws=DRAWS)
    fresh = counts(true, SAMPLES, rng)
    # A guess control that never objects, so that nothing but the other checks holds false claims back.
    new = claims(frames["base"], frames["final"].with_columns(guess_rate=pl.lit(0.0)), fresh)
    return Counter(
        overall=found[-1].boundary == ROSE,
        task=any(row.boundary == ROSE for row in found if row.task != OVERALL),
        new=new.counts[NEW] > 0,
        regime=any(row.regime != UNDECIDED for row in called),
        naive=len(candidates(frames["base"], frames["final"])),
    )


def sharper(suites: int, seed: int) -> list[Line]:
    """A model that only got surer, in two steps: pass@1 rises, the boundary doesn't. What is claimed of it?"""
    rng = np.random.default_rng([seed, 3])
    rose = expansion = accuracy = 0
    for number in range(suites):
        true = rates(rng)
        steps = dict(zip(MODELS, (true, sharpened(true, 2.0), sharpened(true, 6.0)), strict=True))
        frames = {model: counts(values, SAMPLES, rng) for model, values in steps.items()}
        ends = pair({model: frames[model] for model in ("base", "final")})
        row = contrasts(ends, (1, K), K, names=[OVERALL], seed=number, resamples=RESAMPLES, draws=DRAWS)[-1]
        called = regimes(pair(frames), MODELS, K, seed=number, resamples=RESAMPLES, draws=DRAWS)
        accuracy += row.accuracy == ROSE
        rose += row.boundary == ROSE
        expansion += any(regime.regime in (PLATEAU, SUSTAINED) for regime in called)
    return [
        at_least(f"sharper only, {suites} suites: pass@1 'rose'", accuracy / suites, 0.95),
        at_most(f"sharper only, {suites} suites: boundary 'rose'", rose / suites, 0.05),
        at_most(f"sharper only, {suites} suites: any Plateau or Sustained", expansion / suites, 0.05),
    ]
