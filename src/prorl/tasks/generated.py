"""What tasks with generated problems have in common: kinds of exercises, drawn without end, in disjoint splits."""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from prorl.errors import UserError
from prorl.tasks.contract import ENDLESS, Message, Problem, Split, Verdict
from prorl.tasks.conversation import conversation
from prorl.tasks.deal import fingerprint, home

SHARES: Mapping[Split, float] = {
    Split.TRAIN: 0.7,
    Split.VALIDATION: 0.125,
    Split.TEST: 0.125,
    Split.EXAMPLES: 0.05,
}
"""Shares of all problems that there could be. The split of one follows from `dealt_by`: no two splits share it."""

_DRAWS_PER_KIND = 200


class GeneratedTask(ABC):
    """A task whose problems are drawn from `kinds` of exercises. Problem i of a split is of kind i modulo their number.

    A draw that belongs to another split is thrown away; a kind that has nothing for a split gives way to the next.
    `name` may be changed to a variant's (`math/generated@hard`) after it is made, and its problems follow.
    """

    def __init__(self, name: str, kinds: Sequence[str], worked_examples: int, system: str = "") -> None:
        """`worked_examples` solved problems of different kinds are shown before each question, after `system`.

        Whatever `draw` needs must be set before. Raises UserError if there are fewer kinds than examples.
        """
        self.name = name
        self.kinds = tuple(kinds)
        self._system = system
        if worked_examples > len(self.kinds):
            raise UserError(
                f"{name}: worked_examples is {worked_examples}, but there are {len(self.kinds)} kinds of problems; "
                "lower it, or give more kinds"
            )
        self._examples = tuple(self.problem(Split.EXAMPLES, index) for index in range(worked_examples))

    @abstractmethod
    def draw(self, kind: str, rng: random.Random) -> Problem:
        """Draw one problem of a kind, with `rng` as the only source of chance."""

    @abstractmethod
    def judge(self, problem: Problem, text: str) -> Verdict:
        """Judge one completion."""

    def dealt_by(self, problem: Problem) -> int:
        """A number below `deal.SCALE` from which the problem's split follows: here that of the question's words.

        A task that asks for the same in several wordings gives all of them the same number (see `number_of`), so that
        what is held out is never trained on in other words.
        """
        return fingerprint(problem)

    def worked_solution(self, problem: Problem) -> str:
        """A completion that solves the problem, in the format asked for."""
        return str(problem.payload["solution"])

    def size(self, split: Split) -> int | None:
        """None: problems are generated without end (they may repeat)."""
        return None

    def problem(self, split: Split, index: int) -> Problem:
        """The problem at `index` of a split. IndexError outside [0, 10^9)."""
        if not 0 <= index < ENDLESS:
            raise IndexError(f"{self.name}: index {index} is outside [0, {ENDLESS})")
        for attempt in range(_DRAWS_PER_KIND * len(self.kinds)):
            kind = self.kinds[(index + attempt // _DRAWS_PER_KIND) % len(self.kinds)]
            drawn = number_of(self.name.partition("@")[0], kind, split, index, attempt)
            problem = self.draw(kind, random.Random(drawn))
            if home(self.dealt_by(problem), SHARES) is split:
                return problem
        raise UserError(f"{self.name}: no problem of {', '.join(self.kinds)} is left for the {split} split; add kinds")

    def examples(self) -> tuple[Problem, ...]:
        """The problems shown as worked examples, each of another kind."""
        return tuple(replace(example, task=self.name) for example in self._examples)

    def prompt(self, problem: Problem) -> tuple[Message, ...]:
        """The instruction, the worked examples as turns of a conversation, and the question."""
        return conversation(self._system, self._examples, self.worked_solution, problem)


def number_of(*content: Any) -> int:
    """A number below `deal.SCALE` that looks random and depends on nothing but these arguments."""
    digest = hashlib.sha256("/".join(map(str, content)).encode()).digest()
    return int.from_bytes(digest[:8], "big")
