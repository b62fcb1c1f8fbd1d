"""A task that can check steps. Workers import this module by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prorl.tasks.contract import Problem
from prorl.tasks.toy import ToyTask


class Stepped(ToyTask):
    """`toy/echo` whose steps hold where the word of the question begins with one of the first eight symbols."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        super().__init__("toy/echo", options, worked_examples)

    def check_steps(self, problem: Problem, text: str) -> bool | None:
        """Whether the reasoning of a right answer holds."""
        return problem.messages[-1].content[0] in "abcdefgh"


class Direct(Stepped):
    """The same, but no answer has steps to be read."""

    def check_steps(self, problem: Problem, text: str) -> bool | None:
        """None: there is nothing to check."""
        return None


def accepts_half(problem: Problem, text: str) -> bool:
    """A judge of one's own."""
    return problem.messages[-1].content[0] in "acegijklmnop"
