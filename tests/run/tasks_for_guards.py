"""Tasks that go wrong in ways that guards are for. Workers import this module by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prorl.tasks.contract import Outcome, Problem, Verdict
from prorl.tasks.toy import ToyTask


class Dying(ToyTask):
    """`toy/echo` whose verifier fails once the file `dead` exists."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        super().__init__("toy/echo", {k: v for k, v in options.items() if k != "dead"}, worked_examples)
        self._dead = Path(options["dead"])

    def judge(self, problem: Problem, text: str) -> Verdict:
        if self._dead.exists():
            raise RuntimeError("no such service")
        return super().judge(problem, text)


class PaidByLength(ToyTask):
    """`toy/echo` with partial credit for every character: what is learnt is to go on and on."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        super().__init__("toy/echo", options, worked_examples)
        self.name = "toy/echo"

    def judge(self, problem: Problem, text: str) -> Verdict:
        if text == self.worked_solution(problem):
            return Verdict(1.0, Outcome.SOLVED)
        return Verdict(min(len(text) / 20, 0.9), Outcome.WRONG)


class Generous(ToyTask):
    """`toy/echo` where whatever is answered solves it: mastered from the beginning."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        super().__init__("toy/echo", options, worked_examples)

    def judge(self, problem: Problem, text: str) -> Verdict:
        return Verdict(1.0, Outcome.SOLVED)


class OftenA(ToyTask):
    """`toy/echo` where `a` is right for every other word as well: what is learnt first is to say nothing else."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        super().__init__("toy/echo", options, worked_examples)

    def judge(self, problem: Problem, text: str) -> Verdict:
        if text == "a" and int(problem.id, 16) % 2:
            return Verdict(1.0, Outcome.SOLVED)
        return super().judge(problem, text)
