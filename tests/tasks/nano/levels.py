"""All families with their levels."""

from __future__ import annotations

from prorl.tasks.nano.chain import ChainTask
from prorl.tasks.nano.family import names
from prorl.tasks.registry import build


def levels_of(name: str) -> range:
    """The levels of a family, easiest first."""
    task = build(name)
    assert isinstance(task, ChainTask)
    return task.levels


EACH = [(name, level) for name in names() for level in levels_of(name)]
"""Every family at every level."""
