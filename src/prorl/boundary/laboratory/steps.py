"""Whether the reasoning behind a right answer holds: by the task's own check, or by a judge that one brings along."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, cast

from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.verified import STEPS
from prorl.boundary.store.key import Key
from prorl.boundary.store.verdicts import rejudge
from prorl.errors import UserError
from prorl.tasks.contract import Outcome, Problem, Task, Verdict
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

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
        whole = colon and module and not module.startswith(".")
        found = getattr(importlib.import_module(module), name) if whole else None
    except (ImportError, AttributeError) as error:
        raise UserError(f"judge {target!r}: {error}; name a callable as module:function") from error
    if not callable(found):
        raise UserError(f"judge {target!r}: name a callable as module:function")
    return cast(Holds, found)


def judge_label(target: str) -> str:
    """What the verdicts of a judge are called: by its name, and by a hash of its source where that can be had.

    So a judge that was changed is asked again. A change of what it calls isn't seen.
    """
    holds = judge_of(target)
    name = "judge-" + target.replace(":", "-")
    try:
        source = inspect.getsource(holds if inspect.isroutine(holds) else type(holds))
    except (OSError, TypeError):
        return name
    return f"{name}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"


def check(bench: Bench, keys: Iterable[Key]) -> bool:
    """Have the steps of all right answers checked that have no such verdict yet; False if no task can check any."""
    judge = StepsJudge(bench.suite.tasks)
    if not any(problem.task in judge.tasks for problem in bench.problems):
        return False
    with WorkerPool[Problem](judge, 1) as pool:

        def only_checkable(problem: Problem, text: str) -> Future[Verdict]:
            if problem.task in judge.tasks:
                return pool.submit(problem, text)
            return _at_once(Verdict(0.0, Outcome.UNPARSEABLE, detail="its task checks no steps"))

        for key in keys:
            _judge(bench, key, STEPS, only_checkable)
    return True


def ask(bench: Bench, keys: Iterable[Key], target: str) -> str:
    """Ask the judge `module:function` about all right answers that it hasn't judged; returns its verdicts' label."""
    holds, label = judge_of(target), judge_label(target)
    for key in keys:
        _judge(bench, key, label, lambda problem, text: _at_once(_verdict(bool(holds(problem, text)))))
    return label


def _judge(bench: Bench, key: Key, label: str, judge: Callable[[Problem, str], Future[Verdict]]) -> None:
    everything = {problem.id: problem for problem in bench.problems}
    rejudge(bench.store, key, label, judge, everything, only_solved=True)


def _at_once(verdict: Verdict) -> Future[Verdict]:
    done: Future[Verdict] = Future()
    done.set_result(verdict)
    return done


def _verdict(holds: bool) -> Verdict:
    return Verdict(1.0, Outcome.SOLVED) if holds else Verdict(0.0, Outcome.WRONG)


def suite_checks_steps(suite: Suite) -> bool:
    """Whether any task of the suite can check steps."""
    return bool(StepsJudge(suite.tasks).tasks)
