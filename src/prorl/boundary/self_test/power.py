"""True effects: how often they are found, by their size."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from prorl.boundary.claims import NEW, claims
from prorl.boundary.contrasts import ROSE, contrasts
from prorl.boundary.paired import pair
from prorl.boundary.regimes import DIMINISH, PLATEAU, SUSTAINED, regimes
from prorl.boundary.self_test.lines import Line, at_least, at_most
from prorl.boundary.self_test.made_up import PROBLEMS, SAMPLES, TASKS, Rates, counts, expanded, guessed, rates, swaps
from prorl.boundary.self_test.nothing import DRAWS, MODELS, RESAMPLES, K
from prorl.tasks.names import OVERALL

SHARES = (0.1, 0.2, 0.4, 0.8)
"""Of the problems that the base solves at a rate below 0.001, how many the tuned model learnt."""
LEARNT_RATE = 0.05
RATES = (0.01, 0.02, 0.04, 0.08)
"""At which a tuned model solves problems that are new to it."""
GUESS_RATE = 1e-4
"""At which its answers to other problems are right."""


def expansion(suites: int, seed: int) -> list[Line]:
    """Power to call a true expansion of the suite's boundary, by the share of learnt problems."""
    rng = np.random.default_rng([seed, 4])
    powers = []
    for share in SHARES:
        found = 0
        for number in range(suites):
            base = rates(rng)
            tuned = expanded(base, share, LEARNT_RATE, rng)
            paired = pair({"base": counts(base, SAMPLES, rng), "final": counts(tuned, SAMPLES, rng)})
            row = contrasts(paired, (1, K), K, names=[OVERALL], seed=number, resamples=RESAMPLES, draws=DRAWS)[-1]
            found += row.boundary == ROSE
        powers.append(found / suites)
    what = f"of the unsolved problems learnt at rate {LEARNT_RATE:g}: boundary 'rose'"
    return _curve(f"power, {suites} suites", [f"{share:.0%} {what}" for share in SHARES], powers)


def new_problems(problems: int, seed: int) -> list[Line]:
    """Power to call a problem new, by the tuned model's rate; a tenth of the problems is new, the others as before."""
    rng = np.random.default_rng([seed, 5])
    new = np.arange(problems) % 10 == 0
    powers, false = [], []
    for rate in RATES:
        base = {"task": np.where(new, 0.0, rng.beta(0.3, 5, problems))}
        tuned = {"task": np.where(new, rate, base["task"])}
        frames = [counts(true, SAMPLES, rng) for true in (base, tuned, base)]
        nowhere_else = swaps(frames[0], np.zeros((problems, problems), np.int64))
        called = claims(frames[0], guessed(frames[1], GUESS_RATE, rng), frames[2], swaps=nowhere_else)
        names = [claim.problem.removeprefix("task-") for claim in called.claims if claim.label == NEW]
        accepted = np.array(names, dtype=np.int64)
        powers.append(float(new[accepted].sum() / new.sum()))
        false.append(float((~new[accepted]).sum() / max(1, len(accepted))))
    what = f"a new problem solved at this rate in {SAMPLES} samples: called new"
    curve = _curve(f"power, {problems} problems", [f"{rate:g} {what}" for rate in RATES], powers)
    return [*curve, at_most(f"{problems} problems: false among those called new, mean", float(np.mean(false)), 0.05)]


def true_regimes(suites: int, seed: int) -> list[Line]:
    """How often a suite that follows a regime is called by its name, and by another one's."""
    rng = np.random.default_rng([seed, 6])
    lines = []
    for regime in (DIMINISH, PLATEAU, SUSTAINED):
        called = []
        for number in range(suites):
            frames = {
                model: counts(true, SAMPLES, rng) for model, true in zip(MODELS, following(regime, rng), strict=True)
            }
            found = regimes(pair(frames), MODELS, K, names=[OVERALL], seed=number, resamples=RESAMPLES, draws=DRAWS)
            called.append(found[0].regime)
        right = called.count(regime) / suites
        wrong = sum(name in (DIMINISH, PLATEAU, SUSTAINED) and name != regime for name in called) / suites
        lines.append(at_least(f"true {regime}, {suites} suites: overall called {regime}", right, 0.8))
        lines.append(at_most(f"true {regime}, {suites} suites: overall called another regime", wrong, 0.05))
    return lines


def following(regime: str, rng: np.random.Generator) -> tuple[Rates, Rates, Rates]:
    """True rates of base, intermediate and final checkpoint of a suite that follows a regime.

    The base solves 40 % of the problems; the others solve these more often, or other problems besides.
    """
    reach = {DIMINISH: (0.4, 0.4), PLATEAU: (0.7, 0.7), SUSTAINED: (0.6, 0.8)}[regime]
    order = {f"task{index}": rng.permutation(PROBLEMS) / PROBLEMS for index in range(TASKS)}

    def solving(share: float, rate: float) -> Rates:
        return {task: np.where(place < share, rate, 0.0) for task, place in order.items()}

    return solving(0.4, 0.1), solving(reach[0], 0.25), solving(reach[1], 0.25 if regime == PLATEAU else 0.4)


def _curve(what: str, names: Sequence[str], powers: Sequence[float]) -> list[Line]:
    """Each point of a power curve; the last must be 80 %, and the curve must grow."""
    lines = [Line(f"{what}, {name}", power, 0.0, 1.0) for name, power in zip(names[:-1], powers[:-1], strict=True)]
    lines.append(at_least(f"{what}, {names[-1]}", powers[-1], 0.8))
    steps = [after - before for before, after in pairwise(powers)]
    return [*lines, at_least(f"{what}: least step of this curve", min(steps), -0.05)]
