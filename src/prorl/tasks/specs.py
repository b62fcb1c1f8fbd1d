"""The tasks that a recipe's entry stands for."""

from __future__ import annotations

from prorl.recipe.schema import TaskSpec
from prorl.tasks.suites import entries

SUITE = "suite/"
"""How a task spec names many tasks at once: `suite/prorl-logic`."""


def expanded(spec: TaskSpec) -> list[TaskSpec]:
    """The tasks of a named suite, which share its weight; a single task as it is."""
    if not spec.task.startswith(SUITE):
        return [spec]
    parts = entries(spec.task.removeprefix(SUITE))
    total = sum(part.weight for part in parts)
    return [
        spec.model_copy(
            update={
                "task": part.task,
                "weight": spec.weight * part.weight / total,
                "options": {**part.options, **spec.options},
            }
        )
        for part in parts
    ]
