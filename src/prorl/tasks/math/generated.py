"""Mathematics problems made here: they need no network, and there is no end to them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from prorl.tasks import generated
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.math import (
    judging,
    kinds_algebra,
    kinds_calculus,
    kinds_counting,
    kinds_geometry,
    kinds_matrices,
    kinds_numbers,
    library,
)
from prorl.tasks.math.data import SYSTEM
from prorl.tasks.math.exercise import LEVELS, Kinds
from prorl.tasks.options import Options
from prorl.tasks.steps import equations_hold

KINDS: Kinds = {
    **kinds_numbers.KINDS,
    **kinds_algebra.KINDS,
    **kinds_calculus.KINDS,
    **kinds_counting.KINDS,
    **kinds_geometry.KINDS,
    **kinds_matrices.KINDS,
}
"""All kinds of exercises, by name."""


class GeneratedMathTask(generated.GeneratedTask):
    """Exercises of all `KINDS`, or some of them, at one level."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        """Options: `level` (1 to 5, default 1), `kinds` (a list of names, default all), `system` (the instruction).

        Raises UserError.
        """
        checked = Options(name, options, ("level", "kinds", "system"))
        self._level = checked.whole("level", LEVELS[0], LEVELS[0], LEVELS[-1])
        super().__init__(name, checked.several("kinds", list(KINDS)), worked_examples, checked.text("system", SYSTEM))

    def draw(self, kind: str, rng: random.Random) -> Problem:
        """An exercise of a kind as a problem."""
        exercise = KINDS[kind](rng, self._level)
        payload = {"kind": kind, "answer": exercise.answer, "solution": exercise.solution}
        return Problem.of(self.name, [Message("user", exercise.question)], payload)

    def judge(self, problem: Problem, text: str) -> Verdict:
        r"""1 if the last `\boxed{…}` holds the right answer, exactly or by equivalence."""
        return judging.judge(problem, text)

    def check_steps(self, problem: Problem, text: str) -> bool | None:
        """Whether the equations between numbers in a completion hold."""
        return equations_hold(text)

    def prepare(self) -> None:
        """Import math-verify."""
        library.prepare()
