"""What a task is: problems that can be asked, and a verdict on what was answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from prorl.verify.verdict import Outcome, Verdict

__all__ = ["ENDLESS", "Message", "Outcome", "Problem", "Split", "Task", "Verdict"]


class Split(StrEnum):
    """Disjoint families of problems. Nothing measured on `TEST` may steer a run; `VALIDATION` may."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    EXAMPLES = "examples"
    """The problems whose solutions are shown as worked examples; never asked."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One question. `messages` is the question alone; worked examples are added by `Task.prompt`.

    `id` is a hash of the task's name and the question, so equal questions have equal ids in every split. Variants of a
    task (`prorl.tasks.variant`) keep its ids: what is held out of one is held out of all.
    `payload` is what `Task.judge` needs; it is never shown to the model.
    """

    id: str
    task: str
    messages: tuple[Message, ...]
    payload: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @staticmethod
    def of(task: str, messages: Sequence[Message], payload: Mapping[str, Any]) -> Problem:
        """A problem whose id is derived from its content."""
        content = json.dumps([task, [[m.role, m.content] for m in messages]], ensure_ascii=True)
        return Problem(hashlib.sha256(content.encode()).hexdigest()[:20], task, tuple(messages), payload)


ENDLESS = 10**9
"""A task without a size has a problem at every index below this; questions may repeat."""


class Task(Protocol):
    """A family of problems with one verifier. Instances are picklable; they hold no torch and no open files.

    A task may also have `worked_solution(problem) -> str | None`, a completion that solves the problem;
    `check_steps(problem, text) -> bool | None`, whether the steps of a completion hold: False if one is wrong, None if
    none can be checked, and it says nothing of the answer (`prorl.tasks.steps` does it for arithmetic); in a worker;
    `prepare()`, called once in each worker before the first judgement: the place for slow imports; and
    `least_deadline`, seconds that a judgement may take by the task's own limits: the pool waits at least so long.
    Where it is known, `guess_rate` is what answering at random scores on average, such as 1/4 with four choices.
    """

    name: str

    def size(self, split: Split) -> int | None:
        """How many problems the split has; None when they are generated without end (see `ENDLESS`)."""

    def problem(self, split: Split, index: int) -> Problem:
        """The problem at `index` of a split: always the same for the same index. IndexError past the end."""

    def examples(self) -> tuple[Problem, ...]:
        """The problems that `prompt` shows as worked examples, so that they are never asked; empty if none."""

    def prompt(self, problem: Problem) -> tuple[Message, ...]:
        """What the model is shown: instructions, worked examples if any, and the question."""

    def judge(self, problem: Problem, text: str) -> Verdict:
        """Judge one completion. Runs in a worker process that is killed past its deadline."""
