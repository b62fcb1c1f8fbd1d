"""The tasks whose names begin with `nano/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prorl.tasks.contract import Task
from prorl.tasks.names import unknown
from prorl.tasks.nano.chain import ChainTask
from prorl.tasks.nano.digits import Digits
from prorl.tasks.nano.running_sums import RunningSums
from prorl.tasks.nano.sorting import Sorting
from prorl.tasks.nano.strings import Strings
from prorl.tasks.nano.walks import Walks

_TASKS: Mapping[str, type[ChainTask]] = {
    "nano/digits": Digits,
    "nano/running_sums": RunningSums,
    "nano/sorting": Sorting,
    "nano/strings": Strings,
    "nano/walks": Walks,
}


def build(name: str, options: Mapping[str, Any], worked_examples: int) -> Task:
    """The task called `name`. Raises UserError for an unknown name or a bad option."""
    if name not in _TASKS:
        raise unknown(name, names())
    return _TASKS[name](name, options, worked_examples)


def levels(name: str) -> range:
    """The levels of one of `names`, easiest first."""
    return _TASKS[name].levels


def names() -> list[str]:
    """Names of all tasks of the family, sorted."""
    return sorted(_TASKS)
