"""Named suites: many tasks by one name, and the shares of a mixture by domain."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from prorl.errors import UserError
from prorl.tasks import laptop, registry

LOGIC = "reasoning_gym/"

HELD_OUT = ("acre", "boxnet", "game_of_life_halting", "puzzle24")
"""Reasoning Gym tasks on which the ProRL paper measures without having trained on them (its appendix F)."""

LATER = ("coin_flip", "kakurasu", "mahjong_puzzle", "modulo_grid", "path_star", "survo")
"""Reasoning Gym tasks that came after the release with 96 data sets."""

GRAPH_COLOR_TRAINED = 10
GRAPH_COLOR_MEASURED = (5, 8, 10, 13, 15, 18, 20)
"""Vertices of the graphs to colour: the paper trains on one size and measures on all of these (its figure 6)."""

NANO_FAMILIES = ("running_sums", "sorting", "strings")
NANO_HELD_OUT = ("digits", "walks")
NANO_LEVELS = range(1, 7)
"""The families and levels of the study with a small model, and the families that it never trains on."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A task of a suite: name, weight within the suite, options."""

    task: str
    weight: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)


def _logic() -> list[Entry]:
    return [Entry(name) for name in registry.names() if name.startswith(LOGIC)]


def _prorl_logic() -> list[Entry]:
    left_out = {LOGIC + name for name in (*HELD_OUT, *LATER)}
    return [entry for entry in _logic() if entry.task not in left_out]


def _prorl_logic_held_out() -> list[Entry]:
    return [Entry(LOGIC + name) for name in HELD_OUT]


def _graph_color_sizes() -> list[Entry]:
    return [
        Entry(f"{LOGIC}graph_color@{size}", options={"min_num_vertices": size, "max_num_vertices": size})
        for size in GRAPH_COLOR_MEASURED
    ]


def _nano(families: Sequence[str], levels: Sequence[int]) -> list[Entry]:
    return [Entry(f"nano/{name}@level{level}", options={"level": level}) for name in families for level in levels]


def _laptop(level: int) -> list[Entry]:
    options = {name: levels[level - 1] for name, levels in laptop.FAMILIES.items()}
    if level in laptop.CODE_LEVELS:
        options[laptop.CODE] = laptop.CODE_LEVELS[level]
    return [Entry(f"{name}@level{level}", options=given) for name, given in options.items()]


def _laptop_held_out() -> list[Entry]:
    subjects = [
        Entry(f"{laptop.CHOICES}@{subject}", options={"subjects": [subject]}) for subject in laptop.HELD_OUT_SUBJECTS
    ]
    return [*subjects, *(Entry(name, options=options) for name, options in laptop.HELD_OUT.items())]


SUITES: Mapping[str, tuple[str, Callable[[], list[Entry]]]] = {
    "logic": ("every Reasoning Gym task", _logic),
    "prorl-logic": (
        "the Reasoning Gym tasks that the ProRL paper trains on, as far as can be told: it says 96 and lists none. "
        "Release 0.1.12 has 96 data sets and none of the four that the paper holds out; one of them, composite, only "
        "mixes others and is left out here, so these are 95",
        _prorl_logic,
    ),
    "prorl-logic-held-out": ("the Reasoning Gym tasks that the ProRL paper holds out", _prorl_logic_held_out),
    "graph-color-sizes": (
        "graph colouring from half to twice the size that the ProRL paper trains on",
        _graph_color_sizes,
    ),
    **{
        f"nano-level{level}": (
            f"level {level} of the nano tasks that a study trains on",
            partial(_nano, NANO_FAMILIES, [level]),
        )
        for level in NANO_LEVELS
    },
    "nano-held-out": (
        "all levels of the nano tasks that a study never trains on",
        partial(_nano, NANO_HELD_OUT, NANO_LEVELS),
    ),
    **{
        f"laptop-level{level}": (f"level {level} of small tasks of four domains", partial(_laptop, level))
        for level in laptop.LEVELS
    },
    "laptop-held-out": ("tasks and subjects that recipe laptop-prorl never trains on", _laptop_held_out),
}
"""What each suite is, and its entries. Names of tasks are looked up when they are needed, for that takes seconds."""


def entries(name: str) -> list[Entry]:
    """The tasks of a suite. Raises UserError for an unknown name, with the nearest known one."""
    if name not in SUITES:
        close = difflib.get_close_matches(name, SUITES, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UserError(f"unknown task suite {name!r}; {hint}there are {', '.join(SUITES)}")
    return SUITES[name][1]()


def expand(name: str) -> list[str]:
    """Names of the tasks of a suite, in its order. Raises UserError for an unknown name, with the nearest known one."""
    return [entry.task for entry in entries(name)]


def domain(task: str) -> str:
    """`logic` for Reasoning Gym, else what stands before `/` in a task's name; for a class of one's own, its module."""
    family = task.partition("@")[0].partition("/")[0].partition(":")[0]
    return "logic" if family == "reasoning_gym" else family


def by_domain(tasks: Sequence[str], weights: Sequence[float], shares: Mapping[str, float]) -> list[float]:
    """Weights with which every domain gets its share of the prompts, divided within it as `weights` say.

    A domain without a share keeps its tasks' weights out of the mixture: they become 0. Raises UserError for a share
    of a domain that has no task with a positive weight, or a share that is no positive number.
    """
    totals: dict[str, float] = {}
    for task, weight in zip(tasks, weights, strict=True):
        totals[domain(task)] = totals.get(domain(task), 0.0) + weight
    for name, share in shares.items():
        if not 0.0 < share < float("inf"):
            raise UserError(f"domain {name!r} has share {share}; use a positive number, or leave it out")
        if not totals.get(name):
            raise UserError(f"domain {name!r} has a share but no task to ask; there are {', '.join(sorted(totals))}")
    return [
        weight / totals[domain(task)] * shares[domain(task)] if domain(task) in shares and weight else 0.0
        for task, weight in zip(tasks, weights, strict=True)
    ]
