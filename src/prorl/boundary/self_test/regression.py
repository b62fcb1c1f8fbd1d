"""Base competence against gain where nobody gained: what regression to the mean does to each of the estimates."""

from __future__ import annotations

import numpy as np

from prorl.boundary.competence import competence
from prorl.boundary.estimators import Floats
from prorl.boundary.paired import pair
from prorl.boundary.self_test.lines import Line, at_least, at_most
from prorl.boundary.self_test.made_up import counts

NAIVE = ("naive_pearson", "naive_spearman", "naive_slope")
CORRECTED = ("split_pearson", "split_spearman", "corrected_slope")


def regression(suites: int, seed: int) -> list[Line]:
    """The naive numbers must be negative, or the simulation shows nothing; the others must be about 0."""
    found = estimates(0.0, suites, np.random.default_rng([seed, 7]))
    what = f"no gain, {suites} suites"
    lines = [at_most(f"{what}: mean {name.replace('_', ' ')}", found[name][:, 0].mean(), -0.2) for name in NAIVE]
    # A slope divides by what is left of the variance, which biases it a little in samples of this size.
    ends = {name: 0.1 if name.endswith("slope") else 0.05 for name in CORRECTED}
    lines += [
        Line(f"{what}: mean {name.replace('_', ' ')}", found[name][:, 0].mean(), -end, end)
        for name, end in ends.items()
    ]
    return lines + [
        at_least(f"{what}: intervals of {name.replace('_', ' ')} that hold 0", found[name][:, 1].mean(), 0.85)
        for name in CORRECTED
    ]


def estimates(gain: float, suites: int, rng: np.random.Generator, k: int = 1) -> dict[str, Floats]:
    """By estimate, [suites, 2]: its value and whether its interval holds 0, where a problem gains
    `gain` × (0.3 − base rate). Where an estimate has no value in a suite, its row is left out."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in (*NAIVE, *CORRECTED)}
    for number in range(suites):
        base = {f"task{index}": np.clip(rng.normal(0.3, 0.06, 12), 0.01, 0.9) for index in range(10)}
        tuned = {task: rates + gain * (0.3 - rates) for task, rates in base.items()}
        paired = pair({"base": counts(base, 32, rng), "tuned": counts(tuned, 32, rng)})
        result = competence(paired, "tuned", "problem", k, seed=number, resamples=200, splits=5)
        for name, values in found.items():
            interval = getattr(result, name)
            if interval is not None:
                values.append((interval.estimate, float(not interval.excludes(0.0))))
    return {name: np.array(values) for name, values in found.items()}
