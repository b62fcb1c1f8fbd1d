"""From a task's name in a recipe to the task."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from prorl.errors import UserError
from prorl.plugins import imported
from prorl.tasks.contract import Task
from prorl.tasks.names import unknown
from prorl.tasks.variant import Variant

FAMILIES: Mapping[str, str] = {
    "code/": "prorl.tasks.code.family:build",
    "instructions/": "prorl.tasks.instructions.family:build",
    "math/": "prorl.tasks.math.family:build",
    "nano/": "prorl.tasks.nano.family:build",
    "reasoning_gym/": "prorl.tasks.reasoning_gym:ReasoningGymTask",
    "stem/": "prorl.tasks.stem.family:build",
    "toy/": "prorl.tasks.toy:ToyTask",
    "verifiers/": "prorl.tasks.verifiers_adapter:VerifiersTask",
}
"""The class that builds the tasks whose names begin so; its module's `names()` lists them. Imported when needed."""


_LABEL = re.compile(r"[\w.-]+")


class TaskFactory(Protocol):
    """What a family's class, or a task class of one's own named as `package.module:Class`, is called with."""

    def __call__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> Task:
        """Build the task called `name`, which is never that of a variant. Raises UserError for bad options."""


def build(name: str, *, worked_examples: int = 0, options: Mapping[str, Any] | None = None) -> Task:
    """The task called `name`: of a family (`reasoning_gym/gcd`) or a class of one's own (`package.module:Class`).

    A label after `@` makes a variant under its own name, so that one mixture can hold a task at several difficulties
    (`reasoning_gym/gcd@easy`); what it asks is decided by `options`.

    Raises UserError naming what is wrong: an unknown task, an unknown option, a bad value, an import that fails.
    """
    if worked_examples < 0:
        raise UserError(f"{name}: worked_examples is {worked_examples}; use 0 or more")
    plain, at, label = name.partition("@")
    if at and not _LABEL.fullmatch(label):
        raise UserError(f"task {name!r}: what stands after @ is a label of letters, digits, dots, - and _")
    task = _factory(plain)(plain, dict(options or {}), worked_examples)
    return Variant(name, task) if at else task


def names() -> list[str]:
    """Names of all built-in tasks, sorted. Imports every family."""
    listed: list[str] = []
    for target in FAMILIES.values():
        module = importlib.import_module(target.partition(":")[0])
        listed += cast(Callable[[], Sequence[str]], module.names)()
    return sorted(listed)


def _factory(name: str) -> TaskFactory:
    for prefix, target in FAMILIES.items():
        if name.startswith(prefix):
            return _imported(target, name)
    if all(name.partition(":")):
        return _imported(name, name)
    raise unknown(name, names())


def _imported(target: str, name: str) -> TaskFactory:
    factory = imported(target, f"task {name!r}")
    try:
        inspect.signature(factory).bind("", {}, 0)
    except TypeError as error:
        called = f"{target.partition(':')[2]}(name, options, worked_examples)"
        raise UserError(f"task {name!r}: it must be possible to call {called}: {error}") from error
    return cast(TaskFactory, factory)
