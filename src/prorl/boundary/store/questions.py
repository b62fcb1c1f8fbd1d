"""What was asked: one line a problem, only ever added to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from prorl.errors import UserError
from prorl.files import append, lines
from prorl.tasks.contract import Message, Problem


@dataclass(frozen=True, slots=True)
class Question:
    """A problem as it was asked. `prompt` is a hash of all that the model was shown."""

    task: str
    problem: str
    question: str
    prompt: str
    guess_rate: float | None = None
    """What answering at random scores on average, where the task knows it."""


class Questions:
    """The file of questions of a store."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> dict[str, Question]:
        """By problem id; the last line may have been cut off by a kill and is left out then."""
        found = {}
        for line in lines(self.file) if self.file.exists() else []:
            try:
                question = Question(**json.loads(line))
            except ValueError:
                continue
            found[question.problem] = question
        return found

    def add(self, asked: Iterable[Question]) -> None:
        """Remember questions. Raises UserError if one was asked differently before: its samples don't compare."""
        known = self.read()
        new = []
        for question in asked:
            before = known.get(question.problem)
            if before is None:
                new.append(question)
            elif (before.prompt, before.task) != (question.prompt, question.task):
                raise UserError(
                    f"{self.file.parent}: problem {question.problem} was asked as {before.task} with another prompt "
                    f"before, now as {question.task}; keep options and worked examples, or choose another --out"
                )
        if new:
            content = b"".join(json.dumps(asdict(question)).encode() + b"\n" for question in new)
            append(self.file, content if not self.file.exists() or _ends_whole(self.file) else b"\n" + content)


def question_of(problem: Problem, prompt: Sequence[Message], guess_rate: float | None) -> Question:
    """What is remembered of a problem that is asked with `prompt`."""
    shown = json.dumps([[turn.role, turn.content] for turn in prompt])
    digest = hashlib.sha256(shown.encode()).hexdigest()[:16]
    return Question(problem.task, problem.id, problem.messages[-1].content, digest, guess_rate)


def _ends_whole(file: Path) -> bool:
    content = file.read_bytes()
    return not content or content.endswith(b"\n")
