"""Problems solved one state after another: `state,state=answer`, where each state follows from the one before it."""

from __future__ import annotations

import random
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from prorl.tasks.contract import Message, Outcome, Problem, Verdict
from prorl.tasks.generated import GeneratedTask
from prorl.tasks.options import Options


class Chain(NamedTuple):
    """A question and the states that lead to its answer, which is the last of them."""

    question: str
    states: tuple[str, ...]


class ChainTask(GeneratedTask):
    """Problems of one level. The rules leave no choice: there is one right state after each, and so one right answer.

    A completion is the states separated by commas, with `=` before the last, which is the answer.
    """

    symbols: ClassVar[str]
    """What states are written in, as a range for a regular expression."""
    levels: ClassVar[range] = range(1, 9)
    """Difficulties, easiest first."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        """Options: `level` (one of `levels`, default 1). Raises UserError."""
        first, last = self.levels[0], self.levels[-1]
        self.level = Options(name, options, ("level",)).whole("level", first, first, last)
        super().__init__(name, [f"level{self.level}"], worked_examples)

    @abstractmethod
    def chain(self, rng: random.Random) -> Chain:
        """Draw a problem of `self.level`."""

    @property
    @abstractmethod
    def guess_rate(self) -> float:
        """The chance of an answer made of the right symbols at random."""

    def draw(self, kind: str, rng: random.Random) -> Problem:
        """A problem of the level; there are no other kinds. Its answer isn't what it ends in."""
        question, states = self.chain(rng)
        while question.endswith(states[-1]):  # what was given is no answer
            question, states = self.chain(rng)
        payload = {"states": list(states), "solution": written(states)}
        return Problem.of(self.name, [Message("user", question)], payload)

    def judge(self, problem: Problem, text: str) -> Verdict:
        """1 if the state after the last `=` is the answer; tolerantly the last state of the text, wherever it stands.

        UNPARSEABLE if a state, and nothing else, doesn't follow the last `=`. How the answer came about is
        `check_steps`' business.
        """
        right = problem.payload["states"][-1]
        _, sign, last = text.strip().rpartition("=")
        found = re.findall(f"[{self.symbols}]+", text)
        tolerant = float(found[-1:] == [right])
        if not sign or not re.fullmatch(f"[{self.symbols}]+", last):
            return Verdict(0.0, Outcome.UNPARSEABLE, tolerant, found[-1] if found else None)
        score = float(last == right)
        return Verdict(score, Outcome.SOLVED if score else Outcome.WRONG, tolerant, last)

    def check_steps(self, problem: Problem, text: str) -> bool | None:
        """Whether each state that is written, the answer too, follows from the one before; None if none can be read."""
        if not re.fullmatch(f"[{self.symbols},=]+", text.strip()):
            return None
        states: Sequence[str] = problem.payload["states"]
        given = re.split("[,=]", text.strip().removeprefix("="))
        return given == list(states[: len(given)])


def written(states: Sequence[str]) -> str:
    """The completion that goes through these states."""
    return ",".join(states[:-1]) + "=" + states[-1]
