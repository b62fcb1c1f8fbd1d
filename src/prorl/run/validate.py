"""Validation: the policy on its own held-out problems, at regular steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from prorl.boundary.estimators import pass_at_k
from prorl.boundary.evaluate import sample_problems
from prorl.boundary.intervals import Interval, mean_interval
from prorl.engine.protocol import Engine, Sampling
from prorl.errors import IntegrityError, UserError
from prorl.files import sha256_of
from prorl.recipe.schema import Rollout
from prorl.recipe.stages import Validation
from prorl.regimen.validation import Validated
from prorl.run.directory import RunDirectory
from prorl.run.frequent import frequent_answers
from prorl.run.journal import Journal, holding
from prorl.run.metrics import MetricsLog, read
from prorl.run.progress import Progress
from prorl.tasks.contract import Problem
from prorl.tasks.suite import Suite
from prorl.tasks.teaching import UNJUDGED
from prorl.verify.pool import WorkerPool

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


class Validator:
    """Measures pass@1 and pass@k, always on the same problems with the same random numbers, and writes them down."""

    def __init__(
        self, settings: Validation, problems: list[Problem], suite: Suite, pool: Callable[[], WorkerPool[Problem]],
        engine: Engine, directory: RunDirectory, progress: Progress,
    ) -> None:  # fmt: skip
        """`pool` gives the workers that judge this suite's problems."""
        self.settings, self.problems, self.suite, self.pool = settings, problems, suite, pool
        self.engine, self.progress = engine, progress
        self.log = MetricsLog(directory.validations)
        self.tables = directory.samples
        self.journal = Journal(directory.journal)

    def measure(self, step: int, rollout: Rollout) -> Validated:
        """Sample, judge, and keep the sample table as `samples/validation_<step>.parquet`."""
        from prorl.boundary import samples

        settings = self.settings
        sampling = Sampling(
            settings.samples,
            settings.temperature or rollout.temperature,
            settings.max_new_tokens or rollout.max_new_tokens,
            settings.top_p,
        )
        table = sample_problems(
            self.engine, self.suite, self.problems, self.pool(), sampling, self._file(step).stem,
            lambda done, total: self.progress.phase("validating", done, total),
        )  # fmt: skip
        samples.write(table, self._file(step))
        validated = reckon(step, table, settings.samples)
        self._tell(validated)
        return validated

    def recall(self, step: int) -> Validated | None:
        """What `measure` gave after `step`, from its sample table; None if there was no validation then."""
        from prorl.boundary import samples

        if not any(line["step"] == step for line in read(self.log.path)):
            return None
        if not self._file(step).is_file():
            raise UserError(f"{self._file(step)} is missing and the run needs it to go on; restore it from a copy")
        self._check(step)
        return reckon(step, samples.read(self._file(step)), self.settings.samples)

    def _check(self, step: int) -> None:
        """Raises IntegrityError if the sample table is not the one that the journal speaks of."""
        told = [e["sha256"] for e in holding(self.journal.path, "validation") if e["step"] == step and "sha256" in e]
        if told and sha256_of(self._file(step)) not in told:
            raise IntegrityError(f"{self._file(step)} is not what was written; restore it from a copy")

    def _file(self, step: int) -> Path:
        return self.tables / f"validation_{step:06d}.parquet"

    def _tell(self, found: Validated) -> None:
        """Write the numbers down. Where the verifier failed on every sample there are none, and the journal says so."""
        values: dict[str, float | int | str] = {"k": found.k, "verifier_failures": found.failures}
        if found.failures < 1.0:
            for name, interval in (("pass_1", found.pass_1), ("pass_k", found.pass_k)):
                values |= {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
            self.log.append(found.step, {**values, **_by_task(found)})
        self.journal.append("validation", found.step, **values, sha256=sha256_of(self._file(found.step)))
        self.progress.event(_in_words(found))


def _by_task(found: Validated) -> dict[str, float]:
    """pass@1 of each task that has a verdict."""
    judged = {task: [rate for rate in rates if rate is not None] for task, rates in found.rates.items()}
    return {f"pass_1/{task}": float(np.mean(rates)) for task, rates in judged.items() if rates}


def _in_words(found: Validated) -> str:
    one, more = found.pass_1, found.pass_k
    if math.isnan(one.estimate):
        return "validation: the verifier failed on every sample"
    failed = f"; the verifier failed on {100 * found.failures:.3g} % of the samples" if found.failures else ""
    return (
        f"validation: pass@1 {one.estimate:.3f} [{one.low:.3f}, {one.high:.3f}], "
        f"pass@{found.k} {more.estimate:.3f} [{more.low:.3f}, {more.high:.3f}]{failed}"
    )


def reckon(step: int, table: pl.DataFrame, k: int) -> Validated:
    """What a sample table of a validation says. Samples that the verifier failed on are in no rate.

    pass@k of a problem with fewer judged samples than `k` is whether any of them is right. Means are over the problems,
    and tasks, that have a judged sample; NaN if none has.
    """
    import polars as pl

    from prorl.boundary.samples import counts

    problems = table.select("task", "problem").unique().sort("task", "problem")
    judged = table.filter(~pl.col("outcome").is_in([outcome.value for outcome in UNJUDGED]))
    counted = problems.join(counts(judged), on=["task", "problem"], how="left", maintain_order="left")
    by_task = {str(frame["task"][0]): frame for frame in counted.partition_by("task", maintain_order=True)}
    rates = {task: (frame["c"] / frame["n"]).to_list() for task, frame in by_task.items()}
    known = [frame for frame in (frame.drop_nulls("n") for frame in by_task.values()) if len(frame)]
    rng = np.random.default_rng(step)
    return Validated(
        step,
        {task: tuple(of_task) for task, of_task in rates.items()},
        _mean([frame["c"].to_numpy() / frame["n"].to_numpy() for frame in known], rng),
        _mean([_any_of_k(frame["n"].to_numpy(), frame["c"].to_numpy(), k) for frame in known], rng),
        k,
        1.0 - len(judged) / len(table),
        frequent_answers(judged),
    )


def _any_of_k(n: NDArray[np.int64], c: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """pass@k by problem, `[problems]`, of `n` judged samples of which `c` are right."""
    enough = n >= k
    return np.where(enough, pass_at_k(np.where(enough, n, k), np.where(enough, c, 0), k), c > 0)


def _mean(strata: list[NDArray[np.float64]], rng: np.random.Generator) -> Interval:
    return mean_interval(strata, rng) if strata else Interval(math.nan, math.nan, math.nan)
