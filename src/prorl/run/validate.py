"""Validation: the policy on its own held-out problems, at regular steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from prorl.boundary.estimators import pass_at_k
from prorl.boundary.evaluate import sample_problems
from prorl.boundary.intervals import mean_interval
from prorl.engine.protocol import Engine, Sampling
from prorl.errors import UserError
from prorl.recipe.schema import Rollout
from prorl.recipe.stages import Validation
from prorl.regimen.validation import Validated
from prorl.run.directory import RunDirectory
from prorl.run.journal import Journal
from prorl.run.metrics import MetricsLog, read
from prorl.run.progress import Progress
from prorl.tasks.contract import Problem
from prorl.tasks.suite import Suite
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
        validated = _validated(step, table, settings.samples)
        self._tell(validated)
        return validated

    def recall(self, step: int) -> Validated | None:
        """What `measure` gave after `step`, from its sample table; None if there was no validation then."""
        from prorl.boundary import samples

        if not any(line["step"] == step for line in read(self.log.path)):
            return None
        if not self._file(step).is_file():
            raise UserError(f"{self._file(step)} is missing and the run needs it to go on; restore it from a copy")
        return _validated(step, samples.read(self._file(step)), self.settings.samples)

    def _file(self, step: int) -> Path:
        return self.tables / f"validation_{step:06d}.parquet"

    def _tell(self, found: Validated) -> None:
        values: dict[str, float | int | str] = {"k": found.k}
        for name, interval in (("pass_1", found.pass_1), ("pass_k", found.pass_k)):
            values |= {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
        values |= {f"pass_1/{task}": float(np.mean(rates)) for task, rates in found.rates.items()}
        self.log.append(found.step, values)
        self.journal.append("validation", found.step, **{name: values[name] for name in list(values)[:7]})
        one, more = found.pass_1, found.pass_k
        self.progress.event(
            f"validation: pass@1 {one.estimate:.3f} [{one.low:.3f}, {one.high:.3f}], "
            f"pass@{found.k} {more.estimate:.3f} [{more.low:.3f}, {more.high:.3f}]"
        )


def _validated(step: int, table: pl.DataFrame, k: int) -> Validated:
    from prorl.boundary.samples import counts

    counted = counts(table)
    rng = np.random.default_rng(step)
    by_task = {str(frame["task"][0]): frame for frame in counted.partition_by("task", maintain_order=True)}
    rates = {task: frame["c"].to_numpy() / frame["n"].to_numpy() for task, frame in by_task.items()}
    any_of_k = [pass_at_k(frame["n"].to_numpy(), frame["c"].to_numpy(), k) for frame in by_task.values()]
    return Validated(
        step,
        {task: tuple(float(rate) for rate in values) for task, values in rates.items()},
        mean_interval(list(rates.values()), rng),
        mean_interval(any_of_k, rng),
        k,
    )
