"""The tasks of every stage, and the workers that judge them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from prorl.errors import UserError
from prorl.recipe.load import at_stage
from prorl.recipe.schema import Mixture, Recipe, TaskSpec
from prorl.tasks.contract import Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.specs import expanded
from prorl.tasks.suite import Suite
from prorl.tasks.suites import by_domain
from prorl.tasks.teaching import rates, teaching
from prorl.verify.pool import WorkerPool


class Suites:
    """One suite for each mixture of the recipe. `top` is that of the recipe itself: what is held out comes from it.

    A worker pool is opened when it is needed; that of a stage is closed when a stage with another mixture begins.
    """

    def __init__(self, recipe: Recipe, begun: Recipe | None = None) -> None:
        """Build all suites. Raises UserError for an unknown task or option of any stage.

        `begun` is the recipe that the run began with, if it was edited since: validation stays with its tasks.
        """
        self.recipe = recipe
        settings = [at_stage(recipe, index) for index in range(len(recipe.stages))]
        self._mixtures = [_Mixture(of_stage.tasks, of_stage.mixture) for of_stage in settings]
        self._top = _Mixture(recipe.tasks, recipe.mixture)
        self._suites = {mixture.key: mixture.suite() for mixture in (self._top, *self._mixtures)}
        self.top = self._suites[self._top.key]
        self._pools: dict[str, WorkerPool[Problem]] = {}
        edited = begun is not None and begun.stages != recipe.stages
        self._validated = Suites(begun)._trained() if begun is not None and edited else self._trained()

    def at(self, stage: int) -> Suite:
        """The suite of a stage."""
        return self._suites[self._mixtures[stage].key]

    @property
    def names(self) -> set[str]:
        """The tasks of all stages, and of what is held out."""
        return {name for suite in self._suites.values() for name in suite.tasks}

    def stale(self, stage: int) -> frozenset[str]:
        """Ids of the problems that a stage leaves out because they don't teach, by the profile that it names.

        Raises UserError for one that can't be read, or that is of other tasks than the recipe's.
        """
        mixture = self._mixtures[stage].settings
        if mixture.profile is None:
            return frozenset()
        path = Path(mixture.profile)
        found = rates(path)
        profiled = {rate.task for rate in found}
        if not profiled & self.names:
            raise UserError(
                f"mixture.profile {path} has samples of {', '.join(sorted(profiled)) or 'no task'}, and none of them "
                "is a task of the recipe; make one of its tasks (prorl tasks profile), or leave it out"
            )
        return teaching(found, mixture.lowest, mixture.highest).retire

    def pool_at(self, stage: int) -> WorkerPool[Problem]:
        """Workers for a stage; those of other stages are ended."""
        wanted = self._mixtures[stage].key
        for key in [key for key in self._pools if key not in (wanted, self._top.key)]:
            self._pools.pop(key).close()
        return self._pool(wanted)

    def pool(self) -> WorkerPool[Problem]:
        """Workers for what is held out."""
        return self._pool(self._top.key)

    def held_out(self, split: Split, per_task: int) -> list[Problem]:
        """Problems of the recipe's own tasks that training never sees; for validation of those that it trains on.

        They stay the same when later stages are edited, since validations of one run are held against one another.
        """
        return self.top.held_out(split, per_task, self._validated if split is Split.VALIDATION else None)

    def close(self) -> None:
        """End all workers."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _trained(self) -> set[str]:
        """Names of the tasks that some stage trains on."""
        return {name for suite in self._suites.values() for name, weight in suite.weights.items() if weight > 0}

    def _pool(self, key: str) -> WorkerPool[Problem]:
        if key not in self._pools:
            suite, settings = self._suites[key], self.recipe.verifier
            self._pools[key] = WorkerPool(
                suite.judge, settings.workers, settings.deadline, settings.max_text, probes=suite.probes()
            )
        return self._pools[key]


@dataclass(frozen=True)
class _Mixture:
    """What a suite is made from."""

    tasks: tuple[TaskSpec, ...]
    settings: Mixture

    @property
    def key(self) -> str:
        """Equal mixtures share a suite."""
        return "\n".join([str(self.settings.shares), *(spec.model_dump_json() for spec in self.tasks)])

    def suite(self) -> Suite:
        """Its tasks with their weights. Raises UserError for an unknown task or option."""
        listed = [part for spec in self.tasks for part in expanded(spec)]
        tasks = [build(spec.task, worked_examples=spec.worked_examples, options=spec.options) for spec in listed]
        weights = [spec.weight for spec in listed]
        shares = self.settings.shares
        return Suite(tasks, by_domain([task.name for task in tasks], weights, shares) if shares else weights)
