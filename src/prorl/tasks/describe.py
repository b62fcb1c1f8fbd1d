"""What there is to know of a task without asking it anything."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass

from prorl.tasks import shortcomings
from prorl.tasks.contract import Split
from prorl.tasks.registry import build, names
from prorl.tasks.suites import domain

BUILT_IN = ("nano/*", "reasoning_gym/*", "toy/*", "*/generated", "*/generated_choice", "*/builtin")
"""Tasks that need nothing but this package; all others read a data set from the hub or from a file."""


@dataclass(frozen=True, slots=True)
class Described:
    """One line about a task. `size` is its number of training problems: None without end or before data is read."""

    name: str
    domain: str
    kind: str
    size: int | None
    needs_data: bool
    levels: int
    notes: tuple[str, ...]
    """What is known against it, by check, and what a check can't see."""


def describe(pattern: str = "*") -> Iterator[Described]:
    """All built-in tasks whose name has `pattern` in it or matches it, in order of their names."""
    for name in names():
        if pattern in name or fnmatch.fnmatchcase(name, pattern):
            yield _described(name)


def _described(name: str) -> Described:
    needs_data = not built_in(name)
    size, levels = None, 0
    if name.startswith("reasoning_gym/"):
        from prorl.tasks.reasoning_gym_options import levels as levels_of

        levels = levels_of(name.removeprefix("reasoning_gym/"))
    elif name.startswith("nano/"):
        from prorl.tasks.nano import family

        levels = len(family.levels(name))
    elif not needs_data:
        size = build(name).size(Split.TRAIN)
    notes = [f"{check}: {reason}" for check, reason in shortcomings.of(name).items()]
    if name in shortcomings.NOTES:
        notes.append(shortcomings.NOTES[name])
    kind = "data set" if needs_data else "generated"
    return Described(name, domain(name), kind, size, needs_data, levels, tuple(notes))


def built_in(name: str) -> bool:
    """Whether the task needs nothing but this package."""
    return any(fnmatch.fnmatchcase(name.partition("@")[0], pattern) for pattern in BUILT_IN)
