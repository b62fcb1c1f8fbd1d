"""The whole self-test: about half a minute on one core."""

from __future__ import annotations

import time
from collections.abc import Callable

from prorl.boundary.self_test.coverage import coverage
from prorl.boundary.self_test.exact import brute_force, published
from prorl.boundary.self_test.guessers import guessing
from prorl.boundary.self_test.lines import Line, SelfTest
from prorl.boundary.self_test.nothing import base_against_base, sharper
from prorl.boundary.self_test.power import expansion, new_problems, true_regimes
from prorl.boundary.self_test.regression import regression

SUITES = 200
"""Made-up suites for error rates; half as many for a model that is sharper only, a quarter for each point of power."""
REPETITIONS = 1000
"""Made-up data sets for coverage."""


def run(
    seed: int = 0,
    *,
    suites: int = SUITES,
    repetitions: int = REPETITIONS,
    told: Callable[[str], None] = lambda said: None,
) -> SelfTest:
    """Run every part; `told` hears of each before it begins. Equal seed and numbers give equal lines.

    The ranges wanted are meant for the default numbers: with fewer, error rates and coverage are too rough for them.
    """
    parts: dict[str, Callable[[], list[Line]]] = {
        "estimators against brute force": brute_force,
        "published figures": published,
        "coverage of intervals": lambda: coverage(repetitions, seed),
        "base against base": lambda: base_against_base(suites, seed),
        "models that guess": lambda: guessing(suites // 2, seed),
        "a model that is sharper only": lambda: sharper(suites // 2, seed),
        "power to find expansion": lambda: expansion(suites // 4, seed),
        "power to find new problems": lambda: new_problems(500, seed),
        "true regimes": lambda: true_regimes(suites // 4, seed),
        "competence where nobody gained": lambda: regression(suites // 2, seed),
    }
    begin = time.monotonic()
    lines: list[Line] = []
    for name, part in parts.items():
        told(name)
        lines += part()
    return SelfTest(tuple(lines), time.monotonic() - begin)
