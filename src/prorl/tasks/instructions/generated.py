"""Writing requests with one to four instructions that can be followed together, drawn without end."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from prorl.errors import UserError
from prorl.tasks.contract import Message, Problem
from prorl.tasks.generated import GeneratedTask, number_of
from prorl.tasks.instructions.arguments import RELATIONS
from prorl.tasks.instructions.catalogue import Given
from prorl.tasks.instructions.conflicts import draw_types
from prorl.tasks.instructions.drawing import draw_arguments
from prorl.tasks.instructions.judging import InstructionJudge
from prorl.tasks.instructions.topics import FORMS, TOPICS
from prorl.tasks.instructions.wording import CONSTRAINED, REPEAT, worded
from prorl.tasks.instructions.writer import write
from prorl.tasks.options import Options

NAME = "instructions/generated"
MOST = 4

_ANSWER, _REPEAT = "detectable_format:constrained_response", "combination:repeat_prompt"

_FOLLOWED_BY_SEVEN = (
    "keywords:forbidden_words",
    "language:response_language",
    "detectable_format:json_format",
    "punctuation:no_comma",
)
"""Types that the answer "7" follows: it has no words, passes for any language, and is JSON."""


class GeneratedInstructions(InstructionJudge, GeneratedTask):
    """Requests such as "Write a poem about keeping bees. Do not use any commas.", in kinds by what is to be written."""

    def __init__(self, name: str = NAME, options: Mapping[str, Any] | None = None, worked_examples: int = 0) -> None:
        """Options: `constraints` ([1, 4]), fewest and most instructions of a problem; `after_thinking` (true).

        `after_thinking`: only what comes after `</think>` is judged. Raises UserError.
        """
        checked = Options(name, options, ("constraints", "after_thinking"))
        self._after_thinking = checked.flag("after_thinking", True)
        self._fewest, self._most = _range(name, (options or {}).get("constraints", [1, MOST]))
        super().__init__(name, sorted(FORMS), worked_examples)

    def draw(self, kind: str, rng: random.Random) -> Problem:
        """A request for the form `kind` about a random topic, with random instructions.

        The answer "7" doesn't follow all of them, so that ignoring the request is never rewarded in full.
        """
        while True:
            types = draw_types(rng.randint(self._fewest, self._most), rng)
            problem = self.composed(FORMS[kind], types, rng)
            if not all(map(_is_followed_by_seven, problem.payload["instructions"])):
                return problem

    def composed(self, form: str, types: list[str], rng: random.Random) -> Problem:
        """A request with an instruction of each of these types, given by their ids, which must be compatible."""
        topic = rng.choice(TOPICS)
        instructions: list[Given] = [(id_, draw_arguments(id_, rng)) for id_ in types]
        if _ANSWER in types:
            prompt = CONSTRAINED.format(form=form, topic=topic)
        else:
            asked = [worded(instruction, rng) for instruction in instructions if instruction[0] != _REPEAT]
            prompt = _request(f"Write {form} about {topic}.", asked, rng)
        if _REPEAT in types:
            instructions[types.index(_REPEAT)] = (_REPEAT, {"prompt_to_repeat": prompt})
            prompt = f"{prompt}\n\n{rng.choice(REPEAT)}"
        payload = {"instructions": instructions, "form": form, "topic": topic}
        return Problem.of(self.name, [Message("user", prompt)], payload)

    def dealt_by(self, problem: Problem) -> int:
        """A number that follows from what is asked for, whatever the words and the order in which that is done."""
        asked = problem.payload
        return number_of(asked["form"], asked["topic"], *sorted(map(_without_wording, asked["instructions"])))

    def worked_solution(self, problem: Problem) -> str:
        """A text that follows all instructions of the problem."""
        return write(problem.payload["instructions"], problem.payload["form"], problem.payload["topic"])


def _without_wording(instruction: Given) -> str:
    """An instruction as a text, without the prompt that is to be repeated; of words that it names the order is lost."""
    id_, arguments = instruction
    named = {name: value for name, value in arguments.items() if name != "prompt_to_repeat"}
    return f"{id_} {sorted((name, sorted(v) if isinstance(v, list) else v) for name, v in named.items())}"


def _is_followed_by_seven(instruction: Given) -> bool:
    id_, arguments = instruction
    return id_ in _FOLLOWED_BY_SEVEN or RELATIONS[0] in arguments.values()


def _request(request: str, asked: list[str], rng: random.Random) -> str:
    """The request and its instructions: in one paragraph, as a list, or, if one has an example, on lines."""
    if any("\n" in instruction for instruction in asked):
        return "\n".join([request, *asked])
    if rng.random() < 0.5:
        return " ".join([request, *asked])
    return "\n".join([request, *(f"{number}. {instruction}" for number, instruction in enumerate(asked, start=1))])


def _range(name: str, value: Any) -> tuple[int, int]:
    if isinstance(value, list | tuple) and len(value) == 2 and all(type(bound) is int for bound in value):
        fewest, most = value
        if 1 <= fewest <= most <= MOST:
            return fewest, most
    raise UserError(
        f"{name}: option 'constraints' is {value!r}; use two whole numbers from 1 to {MOST}, such as [1, 3]"
    )
