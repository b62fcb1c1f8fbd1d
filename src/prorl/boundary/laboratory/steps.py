"""Whether the reasoning behind a right answer holds: by the task's own check, or by a judge that one brings along."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, cast

import polars as pl

from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.samples import SUCCESS, counts
from prorl.boundary.store.key import Key
from prorl.boundary.store.verdicts import rejudge, scan
from prorl.errors import UserError
from prorl.tasks.contract import Outcome, Problem, Task, Verdict
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

STEPS = "steps"
"""The label of verdicts by the tasks' own checks."""

Holds = Callable[[Problem, str], bool]


class StepsJudge:
    """Judges right answers by `check_steps` of their task. Picklable: it runs in workers."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = {name: task for name, task in tasks.items() if hasattr(task, "check_steps")}

    @property
    def tasks(self) -> list[str]:
        """Tasks that can check steps."""
        return sorted(self._tasks)

    def __call__(self, problem: Problem, text: str) -> Verdict:
        """SOLVED if the steps hold, WRONG if they don't, UNPARSEABLE if there are none to be read."""
        holds = cast(Any, self._tasks[problem.task]).check_steps(problem, text)
        return Verdict(0.0, Outcome.UNPARSEABLE) if holds is None else _verdict(bool(holds))


def judge_of(target: str) -> Holds:
    """The callable `module:function` that says whether the reasoning of a right answer holds.

    It is called with the problem and the completion, in this process. Raises UserError if there is none.
    """
    module, colon, name = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name) if colon else None
    except (ImportError, AttributeError) as error:
        raise UserError(f"judge {target!r}: {error}; name a callable as module:function") from error
    if not callable(found):
        raise UserError(f"judge {target!r}: name a callable as module:function")
    return cast(Holds, found)


def by_tasks(bench: Bench, keys: Mapping[str, Key], samples: int) -> dict[str, pl.DataFrame]:
    """By model: counts of successes whose steps hold, `task, problem, c_verified`, over the tasks that can check them.

    A task in whose right answers no model wrote any step down checks nothing here and is left out; where some did, a
    right answer without steps counts as one that isn't verified.
    """
    judge = StepsJudge(bench.suite.tasks)
    chosen = [problem for problem in bench.problems if problem.task in judge.tasks]
    if not chosen:
        return {}
    with WorkerPool[Problem](judge, 1) as pool:
        found = {name: _counted(bench, key, STEPS, pool.submit, samples, chosen) for name, key in keys.items()}
    readable = set().union(*(_readable(bench, key, samples) for key in keys.values()))
    kept = {name: counted.filter(pl.col("task").is_in(readable)) for name, counted in found.items()}
    return {name: counted for name, counted in kept.items() if counted.height}


def _readable(bench: Bench, key: Key, samples: int) -> set[str]:
    """Tasks with a right answer in which steps could be read."""
    who = ["problem", "sample"]
    right = bench.store.parts(key).scan().filter((pl.col("score") >= SUCCESS) & (pl.col("sample") < samples))
    checked = scan(bench.store, key, STEPS, (*who, "task", "outcome"))
    read = checked.filter(pl.col("outcome") != Outcome.UNPARSEABLE.value).join(right.select(who), on=who)
    return set(read.select("task").unique().collect()["task"])


def by_judge(bench: Bench, key: Key, samples: int, target: str) -> pl.DataFrame:
    """Counts of successes that the judge `module:function` accepts."""
    holds = judge_of(target)

    def judge(problem: Problem, text: str) -> Future[Verdict]:
        done: Future[Verdict] = Future()
        done.set_result(_verdict(bool(holds(problem, text))))
        return done

    label = "judge-" + target.replace(":", "-")
    return _counted(bench, key, label, judge, samples, bench.problems)


def _counted(
    bench: Bench, key: Key, label: str, judge: Callable[[Problem, str], Future[Verdict]], samples: int,
    chosen: Sequence[Problem],
) -> pl.DataFrame:  # fmt: skip
    """`task, problem, c_verified`."""
    checkable = {problem.task for problem in chosen}

    def only_checkable(problem: Problem, text: str) -> Future[Verdict]:
        if problem.task in checkable:
            return judge(problem, text)
        done: Future[Verdict] = Future()
        done.set_result(Verdict(0.0, Outcome.UNPARSEABLE, detail="its task checks no steps"))
        return done

    everything = {problem.id: problem for problem in bench.problems}
    rejudge(bench.store, key, label, only_checkable, everything, only_solved=True)
    rows = scan(bench.store, key, label, ("task", "problem", "sample", "score", "tolerant_score"))
    asked = [problem.id for problem in chosen]
    found = counts(rows.filter((pl.col("sample") < samples) & pl.col("problem").is_in(asked)))
    return found.select("task", "problem", c_verified="c")


def _verdict(holds: bool) -> Verdict:
    return Verdict(1.0, Outcome.SOLVED) if holds else Verdict(0.0, Outcome.WRONG)


def suite_checks_steps(suite: Suite) -> bool:
    """Whether any task of the suite can check steps."""
    return bool(StepsJudge(suite.tasks).tasks)
