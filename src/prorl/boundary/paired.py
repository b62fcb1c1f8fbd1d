"""Several models on the same problems: the counts that every comparison starts from, checked and aligned."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prorl.boundary.estimators import Floats, pass_at_ks
from prorl.errors import UserError
from prorl.tasks.names import OVERALL

Ints = NDArray[np.int64]
STRICT, TOLERANT = "strict", "tolerant"
COLUMNS = ("task", "problem", "n", "c", "c_tolerant", "score")
"""What a model's counts must hold (`boundary.samples.counts`)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one model on one task, [problems]: samples, strict and tolerant successes, mean score."""

    n: Ints
    c: Ints
    c_tolerant: Ints
    score: Floats
    n_even: Ints | None = None
    """Samples with an even number; None where counts alone are known."""
    c_even: Ints | None = None
    """Strict successes among these."""

    def successes(self, extraction: str) -> Ints:
        """Successes under strict or tolerant extraction."""
        return {STRICT: self.c, TOLERANT: self.c_tolerant}[extraction]


@dataclass(frozen=True, slots=True)
class Paired:
    """Counts of several models on the same problems; the first model is the base."""

    models: tuple[str, ...]
    problems: dict[str, tuple[str, ...]]
    """Ids of the problems by task, in the order of all arrays."""
    counts: dict[str, dict[str, Counts]]
    """By model, then by task."""

    @property
    def base(self) -> str:
        """The model that the others are compared with."""
        return self.models[0]

    @property
    def tuned(self) -> tuple[str, ...]:
        """The models that are compared with the base."""
        return self.models[1:]

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of tasks, sorted."""
        return tuple(self.problems)

    @property
    def samples(self) -> int:
        """The fewest samples of any problem: the largest k at which everything can be compared."""
        return min(int(counts.n.min()) for tasks in self.counts.values() for counts in tasks.values())

    def members(self, name: str) -> tuple[str, ...]:
        """The tasks that a row is about: one, or all of them for `OVERALL`."""
        return self.tasks if name == OVERALL else (name,)

    def pass_at(self, model: str, name: str, ks: Sequence[int], extraction: str = STRICT) -> list[Floats]:
        """Estimates of pass@k for every task of a row: each [ks, problems]."""
        counts = [self.counts[model][task] for task in self.members(name)]
        return [pass_at_ks(count.n, count.successes(extraction), ks) for count in counts]

    def joined(self, model: str, name: str) -> Counts:
        """Counts of a row's tasks, one after another."""
        counts = [self.counts[model][task] for task in self.members(name)]
        parts = ([getattr(count, field) for count in counts] for field in ("n", "c", "c_tolerant", "score"))
        return Counts(*(np.concatenate(part) for part in parts))

    def ids(self, name: str) -> list[tuple[str, str]]:
        """(task, problem) of a row's problems, in the order of `joined`."""
        return [(task, problem) for task in self.members(name) for problem in self.problems[task]]


def pair(frames: Mapping[str, pl.DataFrame]) -> Paired:
    """Align the counts of models by problem; the first is the base.

    Each frame has the columns `COLUMNS`, one row a problem. Raises UserError where a column is missing, a problem
    stands twice, counts can't be, or the models were asked different problems.
    """
    if not frames:
        raise UserError("no model was given; name at least the base model")
    sorted_frames = {model: _checked(model, frame) for model, frame in frames.items()}
    base, first = next(iter(sorted_frames.items()))
    for model, frame in sorted_frames.items():
        _check_same_problems(base, first, model, frame)
    counts = {
        model: {str(part["task"][0]): _counts(part) for part in frame.partition_by("task", maintain_order=True)}
        for model, frame in sorted_frames.items()
    }
    parts = first.partition_by("task", maintain_order=True)
    problems = {str(part["task"][0]): tuple(part["problem"].to_list()) for part in parts}
    return Paired(tuple(frames), problems, counts)


def random_numbers(seed: int, *names: str) -> np.random.Generator:
    """Random numbers of a row: they follow from the seed and the row's name, whatever else is computed."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


def _checked(model: str, frame: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise UserError(f"the counts of {model} lack {', '.join(missing)}; they need {', '.join(COLUMNS)}")
    if frame.is_empty():
        raise UserError(f"the counts of {model} hold no problem")
    keys = frame.select("task", "problem")
    if keys.is_duplicated().any():
        task, problem = keys.filter(keys.is_duplicated()).sort("task", "problem").row(0)
        raise UserError(f"the counts of {model} hold problem {problem} of {task} twice; merge its samples first")
    for column in ("c", "c_tolerant"):
        wrong = frame.filter((pl.col(column) < 0) | (pl.col(column) > pl.col("n")) | (pl.col("n") < 1))
        if not wrong.is_empty():
            task, problem = wrong.select("task", "problem").sort("task", "problem").row(0)
            raise UserError(f"the counts of {model}: {column} of problem {problem} of {task} is not in 0..n")
    return frame.sort("task", "problem")


def _check_same_problems(base: str, first: pl.DataFrame, model: str, frame: pl.DataFrame) -> None:
    ours, theirs = (set(some.select("task", "problem").iter_rows()) for some in (first, frame))
    if ours != theirs:
        raise UserError(
            f"{base} and {model} were asked different problems: {len(ours ^ theirs)} differ ({len(ours - theirs)} only "
            f"{base}, {len(theirs - ours)} only {model}); sample both on the same problems"
        )


def _counts(part: pl.DataFrame) -> Counts:
    n, c, c_tolerant = (part[name].to_numpy().astype(np.int64) for name in ("n", "c", "c_tolerant"))
    score = part["score"].to_numpy().astype(np.float64)
    if not {"n_even", "c_even"} <= set(part.columns):
        return Counts(n, c, c_tolerant, score)
    return Counts(n, c, c_tolerant, score, *(part[name].to_numpy().astype(np.int64) for name in ("n_even", "c_even")))
