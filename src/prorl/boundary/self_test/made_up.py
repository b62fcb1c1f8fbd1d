"""Made-up models: true rates by problem, and counts drawn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prorl.boundary.claim_power import blind_guesses
from prorl.boundary.claim_swaps import SCHEMA
from prorl.boundary.estimators import Floats

Rates = Mapping[str, Floats]

TASKS, PROBLEMS, SAMPLES = 8, 24, 256
"""A suite as small as one would compare models on."""


def rates(rng: np.random.Generator, tasks: int = TASKS, problems: int = PROBLEMS) -> dict[str, Floats]:
    """True rates of a base model. Tasks differ: in some a third is out of reach, some it nearly masters.

    Within a task rates are Beta(1/2, b) with b from 0.5 to 12, so many problems lie near the edge of what is found.
    """
    found = {}
    for index in range(tasks):
        values = rng.beta(0.5, rng.uniform(0.5, 12.0), problems)
        values[rng.random(problems) < rng.uniform(0.0, 0.35)] = 0.0
        found[f"task{index}"] = values
    return found


def counts(true: Mapping[str, Sequence[float] | Floats], samples: int, rng: np.random.Generator) -> pl.DataFrame:
    """Counts (`boundary.samples.counts`) of a model with these true rates; extraction makes no difference."""
    drawn = {task: rng.binomial(samples, np.asarray(values)) for task, values in true.items()}
    return frame(drawn, samples)


def frame(successes: Mapping[str, Sequence[int] | NDArray[np.int64]], samples: int) -> pl.DataFrame:
    """Counts with these numbers of successes."""
    sizes = {task: len(values) for task, values in successes.items()}
    c = np.concatenate([np.asarray(values, np.int64) for values in successes.values()])
    return pl.DataFrame(
        {
            "task": [task for task, size in sizes.items() for _ in range(size)],
            "problem": [f"{task}-{index:03d}" for task, size in sizes.items() for index in range(size)],
            "n": np.full(len(c), samples),
            "c": c,
            "c_tolerant": c,
            "score": c / samples,
        }
    )


def numbered(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Counts that also say what the samples with even numbers hold (`boundary.samples.counts`)."""
    n, c = frame["n"].to_numpy(), frame["c"].to_numpy()
    of_half = n - n // 2
    return frame.with_columns(n_even=pl.Series(of_half), c_even=pl.Series(rng.hypergeometric(c, n - c, of_half)))


def guessed(frame: pl.DataFrame, rate: float, rng: np.random.Generator) -> pl.DataFrame:
    """Counts with a blind guess control: guesses that are right at this rate, as many as the laboratory makes."""
    guesses = np.array([blind_guesses(n) for n in frame["n"]])
    return frame.with_columns(guess_n=pl.Series(guesses), guess_c=pl.Series(rng.binomial(guesses, rate)))


def swaps(base: pl.DataFrame, right: NDArray[np.int64]) -> pl.DataFrame:
    """Swaps between the problems of a task that the base never solved (`claim_swaps.SCHEMA`): `right`, [problems,
    problems], of the answers to the second are right at the first."""
    names, samples = base["problem"].to_list(), int(base["n"][0])
    unsolved = np.flatnonzero(base["c"].to_numpy() == 0)
    rows = [
        (base["task"][0], names[one], names[other], samples, int(right[one, other]))
        for one, other in permutations(unsolved.tolist(), 2)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def sharpened(true: Rates, factor: float = 4.0, reach: float = 0.02) -> dict[str, Floats]:
    """Rates of a model that is surer of what it could do and loses what it rarely did: rates below `reach` become 0,
    the odds of all others grow by `factor`."""
    return {task: np.where(r < reach, 0.0, factor * r / (1 - r + factor * r)) for task, r in true.items()}


def expanded(true: Rates, share: float, rate: float, rng: np.random.Generator) -> dict[str, Floats]:
    """Rates of a model that solves a share of the problems with a rate below 0.001 at `rate`, and others as before."""
    found = {}
    for task, values in true.items():
        learnt = (values < 1e-3) & (rng.random(len(values)) < share)
        found[task] = np.where(learnt, rate, values)
    return found
