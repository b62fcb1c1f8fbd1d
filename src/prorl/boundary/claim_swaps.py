"""Repeated guesses: would answers to another problem have done as well?

A trained model often gives one answer to a problem again and again, also where it doesn't know: its 256 samples are one
guess, and a test that counts samples takes it for knowledge. So here the problem is the unit. Answers to a problem that
the base never solved are judged as answers to another such problem of the task. What doesn't depend on the question is
worth as much there.

Answers *stand out* at a problem when no other problem's are right there half as often, and they themselves at no
other. Were they guesses, those of another problem would stand out as often as its own. So it is counted how many
problems would show as many right answers by swaps, as a mean over answers that don't stand out at their own problem
(what is learnt is no guess). A task with claims adds one swap more, for what so few can have missed. All this may make
up a share `q` of the problems that stand out, of all tasks together or of the task itself: where each of several tasks
keeps to `q`, so do they together, and a task in which little can be told takes nothing from another. So claims in a
task, times the others that the base never solved, must be 1/q: with 8 unsolved problems three claims, with 21 one.

What swaps can't see is a guess that comes from the question, such as a number that stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prorl.boundary.estimators import Floats

Value = TypeVar("Value")

SCHEMA = pl.Schema(
    {"task": pl.String(), "problem": pl.String(), "other": pl.String(), "n": pl.Int64(), "c": pl.Int64()}
)
"""Of n answers to `other`, c are right as answers to `problem`; the base never solved either of them."""


@dataclass(frozen=True, slots=True)
class Swapped:
    """What swaps say of a problem that looks new."""

    by_others: float | None
    """Greatest share of right answers that another problem's answers have here; None where none were judged."""
    alone: bool
    """Whether its own answers stand out here; True where there is nothing to compare them with."""
    lucky: float | None
    """Expected share of repeated guesses among problems that stand out as much, of all tasks or of its own, whichever
    is less; None where nothing is known of it."""


def swapped(
    rows: Sequence[Mapping[str, Any]], swaps: pl.DataFrame | None, unsolved: Mapping[str, int], eligible: Sequence[bool]
) -> list[Swapped]:
    """One for each of `rows`, all problems that look new (`claim_rows`).

    `unsolved` is how many problems of each task the base never solved; `eligible`, which rows pass all other tests.
    Where there are no swaps a known guess rate has to do: so many of the unsolved are right by a repeated guess then.
    """
    tasks = {} if swaps is None else _tasks(swaps, rows)
    rates = _rates(rows)
    found = [_alone(row, tasks.get(row["task"]), rates) for row in rows]
    claims = [
        (row["task"], row["c"] / row["n"])
        for row, one, passes in zip(rows, found, eligible, strict=True)
        if passes and one.alone and one.lucky is not None
    ]
    of_all = _by_share(claims, tasks, rates, unsolved)
    of_task = {}
    for name in {name for name, _ in claims}:
        own = [claim for claim in claims if claim[0] == name]
        of_task[name] = _by_share(own, _only(name, tasks), _only(name, rates), unsolved)

    def least(row: Mapping[str, Any]) -> float:
        share = row["c"] / row["n"]
        return min(_at_most(share, of_all), _at_most(share, of_task.get(row["task"], {})))

    return [one if one.lucky is None else replace(one, lucky=least(row)) for row, one in zip(rows, found, strict=True)]


def _rates(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """By task without checked steps: the mean of the known chances that a random answer is right."""
    known: dict[str, list[float]] = {}
    for row in rows:
        if row["guess_rate"] is not None and not row["checked"]:
            known.setdefault(row["task"], []).append(row["guess_rate"])
    return {task: sum(values) / len(values) for task, values in known.items()}


def _alone(row: Mapping[str, Any], task: _Task | None, rates: Mapping[str, float]) -> Swapped:
    """Without the expected share: 1 where it can be known."""
    if task is None or row["problem"] not in task.place:
        return Swapped(None, True, 1.0 if row["task"] in rates else None)
    at = task.place[row["problem"]]
    by_others = float(task.shares[at][task.judged[at]].max())
    return Swapped(by_others, bool(task.standing_out[at, at]), 1.0)


def _only(name: str, by_task: Mapping[str, Value]) -> dict[str, Value]:
    return {name: by_task[name]} if name in by_task else {}


def _by_share(
    claims: Sequence[tuple[str, float]],
    tasks: Mapping[str, _Task],
    rates: Mapping[str, float],
    unsolved: Mapping[str, int],
) -> dict[float, float]:
    """Expected share of repeated guesses among the claims, by the share of right answers that they reach at least."""
    return {share: _lucky(share, claims, tasks, rates, unsolved) for _, share in claims}


def _at_most(share: float, lucky: Mapping[float, float]) -> float:
    """A problem stands with all that show at least a share of right answers which its own reaches."""
    return min((value for least, value in lucky.items() if least <= share), default=1.0)


def _lucky(
    share: float,
    claims: Sequence[tuple[str, float]],
    tasks: Mapping[str, _Task],
    rates: Mapping[str, float],
    unsolved: Mapping[str, int],
) -> float:
    """Problems that repeated guesses would let stand out with such a share of right answers, for every claim of it."""
    of_tasks = [name for name, reached in claims if reached >= share]
    by_swaps = {name: task.lucky(share) for name, task in tasks.items()}
    for name in set(of_tasks) & tasks.keys():
        by_swaps[name] += 1 / tasks[name].others
    by_rate = {name: rate * unsolved[name] for name, rate in rates.items()}
    expected = [max(by_swaps.get(name, 0.0), by_rate.get(name, 0.0)) for name in by_swaps | by_rate]
    return sum(expected) / len(of_tasks)


@dataclass(frozen=True, slots=True)
class _Task:
    """Shares of right answers, [problems, problems]: answers to the second as answers to the first."""

    place: dict[str, int]
    shares: Floats
    judged: NDArray[np.bool_]
    """Where answers to another problem were judged."""
    standing_out: NDArray[np.bool_]
    """Where no other answers are right half as often at the first problem, nor these at another one."""

    @property
    def others(self) -> int:
        """The fewest problems whose answers were judged at another one."""
        return int(self.judged.sum(axis=1).min())

    def lucky(self, share: float) -> float:
        """Problems at which other problems' answers, dealt at random, stand out with at least this share right."""
        out = self.standing_out & (self.shares >= share)
        guesses = self.judged & ~out.diagonal()
        return float(((out & guesses).sum(axis=1) / np.maximum(guesses.sum(axis=1), 1)).sum())


def _tasks(swaps: pl.DataFrame, rows: Sequence[Mapping[str, Any]]) -> dict[str, _Task]:
    own = {(row["task"], row["problem"]): row["c"] / row["n"] for row in rows}
    found = {}
    for (name,), part in swaps.group_by("task"):
        place = {problem: at for at, problem in enumerate(part["problem"].unique().sort())}
        shares = np.diag([own.get((str(name), problem), 0.0) for problem in place])
        judged = np.zeros(shares.shape, bool)
        for problem, other, n, c in part.select("problem", "other", "n", "c").iter_rows():
            shares[place[problem], place[other]], judged[place[problem], place[other]] = c / n, True
        rivals = np.maximum(_greatest_other(shares), _greatest_other(shares.T).T)
        found[str(name)] = _Task(place, shares, judged, 2 * rivals < shares)
    return found


def _greatest_other(values: Floats) -> Floats:
    """For every value the greatest of the others in its row."""
    at = np.arange(len(values)), values.argmax(axis=1)
    without = values.copy()
    without[at] = -np.inf
    found = np.repeat(values[at][:, None], values.shape[1], axis=1)
    found[at] = without.max(axis=1)
    return found
