"""What an imitating stage learns from: worked solutions of its tasks, or a file of given answers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prorl.engine.protocol import Engine, Example
from prorl.errors import UserError
from prorl.files import text_lines
from prorl.recipe.stages import WORKED_SOLUTIONS, Imitation
from prorl.tasks.contract import Message
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite

MOST_UNUSABLE = 1000
"""Problems in a row that may lack a solution, or have too long a prompt, before there counts as being none."""

_ROLES = ("system", "user", "assistant")
"""Whose turns a conversation may have."""

Lesson = tuple[tuple[Message, ...], str]
"""A conversation up to where the model answers, and the answer."""


class Lessons:
    """Gives examples without end: of a file in a new order each epoch, of tasks as their stream gives problems."""

    def __init__(self, engine: Engine, stream: ProblemStream, seed: int) -> None:
        self.engine, self.stream, self.seed = engine, stream, seed
        self._file: list[Lesson] = []
        self._taken = 0
        """Lessons of the file taken since the stage began."""

    def configure(self, imitation: Imitation | None, suite: Suite) -> None:
        """Begin a stage."""
        self.suite = suite
        self._taken = 0
        from_file = imitation is not None and imitation.source != WORKED_SOLUTIONS
        self._file = read_lessons(Path(imitation.source)) if imitation and from_file else []

    def take(self, count: int, most_prompt_tokens: int) -> list[Example]:
        """The next examples; those with a longer prompt are left out. Raises UserError if nothing usable comes."""
        examples: list[Example] = []
        unusable = 0
        source = self._from_file() if self._file else self._from_tasks()
        while len(examples) < count:
            lesson = next(source)
            prompt = self.engine.encode(lesson[0]) if lesson else []
            if lesson and len(prompt) <= most_prompt_tokens:
                examples.append(Example(tuple(prompt), tuple(self.engine.encode_answer(lesson[1]))))
                unusable = 0
                continue
            unusable += 1
            if unusable >= MOST_UNUSABLE:
                raise UserError(
                    f"nothing to imitate: {unusable} problems in a row have no worked solution, or a prompt of more "
                    f"than rollout.max_prompt_tokens={most_prompt_tokens} tokens"
                )
        return examples

    def _from_tasks(self) -> Iterator[Lesson | None]:
        while True:
            problem = next(self.stream)
            solution = solution_of(self.suite, problem)
            yield None if solution is None else (self.suite.prompt(problem), solution)

    def _from_file(self) -> Iterator[Lesson]:
        while True:
            epoch, start = divmod(self._taken, len(self._file))
            order = list(range(len(self._file)))
            random.Random(f"{self.seed}/{epoch}").shuffle(order)
            for place in order[start:]:
                self._taken += 1
                yield self._file[place]

    def state_dict(self) -> dict[str, int]:
        """How many lessons of the file were taken; the stream keeps its own count."""
        return {"taken": self._taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state_dict` was taken; call `configure` for the stage first."""
        self._taken = state["taken"]


def solution_of(suite: Suite, problem: Any) -> str | None:
    """The worked solution of a problem, if its task has one."""
    solve = getattr(suite.tasks[problem.task], "worked_solution", None)
    solution: str | None = solve(problem) if solve is not None else None
    return solution


def check_imitation(name: str, imitation: Imitation, suite: Suite) -> None:
    """Raises UserError if stage `name` has a task without worked solutions, or a file that can't be learnt from."""
    if imitation.source != WORKED_SOLUTIONS:
        read_lessons(Path(imitation.source))
        return
    for task, weight in suite.weights.items():
        if weight > 0 and not hasattr(suite.tasks[task], "worked_solution"):
            raise UserError(
                f"stage {name!r} imitates worked solutions and {task} has none; set its weight to 0 in this stage, or "
                "give imitate.source a JSONL file"
            )


def read_lessons(path: Path) -> list[Lesson]:
    """All lessons of a JSONL file. Raises UserError naming the line that is none."""
    try:
        lines = text_lines(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"imitate.source {path}: {getattr(error, 'strerror', None) or 'not a text file'}") from None
    lessons = [_lesson(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if not lessons:
        raise UserError(f"imitate.source {path}: the file is empty")
    return lessons


def _lesson(line: str, where: str) -> Lesson:
    try:
        record = json.loads(line)
        if "messages" in record:
            *turns, answer = [(turn["role"], turn["content"]) for turn in record["messages"]]
        else:
            turns, answer = [("user", record["prompt"])], ("assistant", record["completion"])
    except (ValueError, KeyError, TypeError):
        turns, answer = [], ("", "")
    if not turns or answer[0] != "assistant" or not answer[1]:
        raise UserError(
            f'{where}: give {{"messages": [...]}} with an answer of the assistant\'s at the end, or '
            '{"prompt": ..., "completion": ...}'
        )
    for role, content in (*turns, answer):
        if role not in _ROLES:
            raise UserError(f"{where}: the role {role!r:.80} is none of {', '.join(_ROLES)}")
        if not isinstance(content, str):
            raise UserError(f"{where}: what {role} says is {content!r:.80} and no text; give a text")
    return tuple(Message(role, content) for role, content in turns), answer[1]
