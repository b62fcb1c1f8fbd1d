"""Which metrics a recipe can name, in guards and in targets: one that is never measured would be waited for in vain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields

from prorl.engine.protocol import ImitationReport, UpdateReport
from prorl.errors import UserError
from prorl.recipe.load import at_stage
from prorl.recipe.overrides import closest
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import Stage
from prorl.regimen.guards import guards_of, signals
from prorl.run.judged import Collected
from prorl.run.observe import imitation_metrics, step_metrics
from prorl.tasks.suites import domain

VALIDATION = ("validation/pass_1", "validation/pass_k")
"""What a target can name besides the metrics of a step."""


def metric_names(tasks: Iterable[str]) -> set[str]:
    """Every metric that a step of a run with these tasks can have."""
    return reinforcing(tasks) | imitating()


def reinforcing(tasks: Iterable[str]) -> set[str]:
    """Every metric of a step that learns from rewards."""
    names = {*step_metrics("", Collected(), 0.0, None)} - {"stage"}
    names |= {field.name for field in fields(UpdateReport)} | {"clipped"}
    names |= {"weights_lag", "weights_overdue", "non_finite", "prompts_so_far", "tasks_left"}
    for task in tasks:
        names |= {f"solved/{task}", f"effective/{task}", f"effective/{domain(task)}"}
    return names


def imitating() -> set[str]:
    """Every metric of a step that imitates."""
    names = {*imitation_metrics("", 0, None)} - {"stage"}
    return names | {field.name for field in fields(ImitationReport)} | {"tasks_left"}


def check_signals(recipe: Recipe, tasks: Collection[str]) -> None:
    """Raises UserError for a guard of any stage that names what no step of these tasks has, or a target that names
    what no step of its stage has."""
    known = metric_names(tasks)
    for index, stage in enumerate(recipe.stages):
        for name, guard in guards_of(at_stage(recipe, index).health).items():
            for signal in signals(guard):
                _check(f"guard {name!r} (stage {stage.name!r}) watches", signal, known)
        if stage.until is not None and stage.until.target is not None:
            who = f"the target of stage {stage.name!r} is"
            _check(who, stage.until.target.metric, known.union(VALIDATION))
            _check_kind(who, stage.until.target.metric, stage, reinforcing(tasks))


def _check(who: str, metric: str, known: set[str]) -> None:
    if metric not in known:
        raise UserError(f"{who} {metric!r}, which no step has{closest(metric, known)} There are {_listed(known)}")


def _check_kind(who: str, metric: str, stage: Stage, of_reinforcing: set[str]) -> None:
    """Raises UserError for a metric that steps of the other kind have and those of this stage don't."""
    kind, names = ("an imitating", imitating()) if stage.imitate else ("a reinforcing", of_reinforcing)
    if metric not in names.union(VALIDATION):
        listed = _listed(names.union(VALIDATION))
        raise UserError(f"{who} {metric!r}, which {kind} step doesn't have; it has {listed}")


def _listed(names: set[str]) -> str:
    listed = sorted(name for name in names if "/" not in name or name in VALIDATION)
    by_task = ["solved/TASK", "effective/TASK and effective/DOMAIN"] if "solved" in names else []
    return ", ".join([*listed, *by_task])
