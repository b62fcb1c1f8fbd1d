"""Looking at the prompts that come next before a stage begins, so that it asks only those that teach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prorl.boundary.evaluate import sample_problems
from prorl.engine.protocol import Engine, Sampling
from prorl.recipe.schema import Rollout
from prorl.recipe.stages import Profiling
from prorl.tasks.contract import Problem
from prorl.tasks.stream import NothingLeft, ProblemStream
from prorl.tasks.suite import Suite
from prorl.tasks.teaching import Teaching, rates, teaching
from prorl.verify.pool import WorkerPool


@dataclass(frozen=True)
class Profiler:
    """Samples the next problems of the stream with the policy as it is, and retires those that don't teach."""

    engine: Engine
    stream: ProblemStream

    def profile(
        self, settings: Profiling, rollout: Rollout, suite: Suite, pool: WorkerPool[Problem], path: Path,
        told: Callable[[int, int], None],
    ) -> Teaching:  # fmt: skip
        """Write the sample table to `path`. The stream stands where it stood, so that what teaches is asked next.

        Where all problems were retired before, there is nothing to look at and no table.
        """
        from prorl.boundary import samples

        coming = self._coming(settings.problems)
        if not coming:
            return Teaching(frozenset(), frozenset(), frozenset())
        sampling = Sampling(settings.samples, rollout.temperature, rollout.max_new_tokens)
        table = sample_problems(self.engine, suite, list(coming.values()), pool, sampling, path.stem, told)
        samples.write(table, path)
        found = teaching(rates(path))
        self.stream.retire(found.retire)
        return found

    def _coming(self, count: int) -> dict[str, Problem]:
        """The different ones of the next `count` problems, by id; fewer if no more are left."""
        stands, coming = self.stream.state_dict(), dict[str, Problem]()
        try:
            for _ in range(count):
                problem = next(self.stream)
                coming[problem.id] = problem
        except NothingLeft:
            pass
        self.stream.load_state_dict(stands)
        return coming
