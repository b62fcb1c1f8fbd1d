"""Which problems can still teach a model: those that it solves sometimes, by what `prorl tasks profile` wrote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prorl.errors import UserError, lines_of
from prorl.tasks.contract import Outcome

UNJUDGED = (Outcome.TIMEOUT, Outcome.ERROR)
"""Outcomes that speak of the verifier and not of the answer: such a completion is neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often the samples of one problem solved it; those that the verifier failed on are counted beside them."""

    task: str
    problem: str
    samples: int
    solved: int
    failures: int = 0
    """Samples whose verdict is an error or a timeout. They are not among `samples`."""

    @property
    def share(self) -> float:
        """Share of the samples that solved it; NaN if there is no verdict on any."""
        return self.solved / self.samples if self.samples else math.nan

    @property
    def tells(self) -> bool:
        """Whether a problem can be retired by it: as in training, one verdict of several is too few."""
        return self.failures == 0 or self.samples >= 2


@dataclass(frozen=True, slots=True)
class Teaching:
    """Ids of problems by what they can still teach. `never` and `always` are to be retired."""

    keep: frozenset[str]
    never: frozenset[str]
    always: frozenset[str]

    @property
    def retire(self) -> frozenset[str]:
        """What `ProblemStream` is to leave out."""
        return self.never | self.always


def rates(path: Path, model: str | None = None) -> list[Rate]:
    """Rates by problem, in order of task and id; a success is `score >= 1` by a verifier that didn't fail.

    `model` is whose samples count; it may be left out if the file has one only. Raises UserError for a file that
    isn't a sample table, or a model that isn't in it.
    """
    import polars as pl

    columns = ("model", "task", "problem", "score", "outcome")
    try:
        samples = pl.read_parquet(path, columns=list(columns), glob=False)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; make one with prorl tasks profile") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = lines_of(error)[0]
        raise UserError(f"{path}: not a file of samples ({reason}); make one with prorl tasks profile") from error
    models = sorted(samples["model"].unique())
    if model is None and len(models) != 1:
        raise UserError(f"{path}: has samples of {len(models)} models ({', '.join(models)}); say which")
    if model is not None and model not in models:
        raise UserError(f"{path}: has no samples of {model!r}; there are {', '.join(models)}")
    failed = pl.col("outcome").is_in([outcome.value for outcome in UNJUDGED])
    counted = (
        samples.filter(pl.col("model") == (model or models[0]))
        .group_by("task", "problem")
        .agg(samples=(~failed).sum(), solved=(~failed & (pl.col("score") >= 1.0)).sum(), failures=failed.sum())
        .sort("task", "problem")
    )
    return [Rate(*row) for row in counted.iter_rows()]


def teaching(found: Sequence[Rate], lowest: float = 0.0, highest: float = 1.0) -> Teaching:
    """Keep the problems solved by more than the share `lowest` and less than `highest` of their samples.

    One with too few verdicts because the verifier failed is kept. Problems that are not in `found` are in none of
    the three, so that they go on being asked. Raises UserError.
    """
    if not 0.0 <= lowest < highest <= 1.0:
        raise UserError(f"no pass rate lies between {lowest} and {highest}; use 0 <= lowest < highest <= 1")
    never = frozenset(rate.problem for rate in found if rate.tells and rate.share <= lowest)
    always = frozenset(rate.problem for rate in found if rate.tells and rate.share >= highest)
    return Teaching(frozenset(rate.problem for rate in found) - never - always, never, always)
