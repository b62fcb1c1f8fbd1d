"""Which metrics a recipe can name, in guards and in targets: one that is never measured would be waited for in vain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from prorl.engine.protocol import ImitationReport, UpdateReport
from prorl.errors import UserError
from prorl.recipe.load import at_stage
from prorl.recipe.overrides import closest
from prorl.recipe.schema import Recipe
from prorl.regimen.guards import guards_of, signals
from prorl.run.collect import Collected
from prorl.run.observe import imitation_metrics, step_metrics
from prorl.tasks.suites import domain

VALIDATION = ("validation/pass_1", "validation/pass_k")
"""What a target can name besides the metrics of a step."""


def metric_names(tasks: Iterable[str]) -> set[str]:
    """Every metric that a step of a run with these tasks can have."""
    names = {*step_metrics("", Collected(), 0.0, None), *imitation_metrics("", 0, None)}
    names |= {"clipped", "weights_lag", "weights_overdue", "prompts_so_far"}
    names |= {field.name for report in (UpdateReport, ImitationReport) for field in fields(report)}
    names -= {"stage"}
    for task in tasks:
        names |= {f"solved/{task}", f"effective/{task}", f"effective/{domain(task)}"}
    return names


def check_signals(recipe: Recipe, tasks: Iterable[str]) -> None:
    """Raises UserError for a guard or a target of any stage that names what no step of these tasks has."""
    known = metric_names(tasks)
    for index, stage in enumerate(recipe.stages):
        for name, guard in guards_of(at_stage(recipe, index).health).items():
            for signal in signals(guard):
                _check(f"guard {name!r} (stage {stage.name!r}) watches", signal, known)
        if stage.until is not None and stage.until.target is not None:
            _check(f"the target of stage {stage.name!r} is", stage.until.target.metric, known.union(VALIDATION))


def _check(who: str, metric: str, known: set[str]) -> None:
    if metric not in known:
        some = ", ".join(sorted(name for name in known if "/" not in name))
        raise UserError(
            f"{who} {metric!r}, which no step has{closest(metric, known)} There are {some}, "
            "solved/TASK, effective/TASK and effective/DOMAIN"
        )
