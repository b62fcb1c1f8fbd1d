"""Counts of made-up models: what the tests of the laboratory start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

Rates = Mapping[str, Sequence[float] | np.ndarray]


def counts(rates: Rates, samples: int, rng: np.random.Generator) -> pl.DataFrame:
    """Counts of a model with these true rates, by task and problem; tolerant successes are the strict ones."""
    drawn = {task: rng.binomial(samples, np.asarray(values)) for task, values in rates.items()}
    return exact({task: list(values) for task, values in drawn.items()}, samples)


def exact(successes: Mapping[str, Sequence[int]], samples: int) -> pl.DataFrame:
    """Counts with these numbers of successes."""
    return pl.DataFrame(
        [
            {
                "task": task,
                "problem": f"{task}-{index:03d}",
                "n": samples,
                "c": int(c),
                "c_tolerant": int(c),
                "score": int(c) / samples,
            }
            for task, values in successes.items()
            for index, c in enumerate(values)
        ]
    )
