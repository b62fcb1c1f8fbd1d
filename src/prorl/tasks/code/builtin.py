"""Built-in programming problems: every exercise is asked as a function and as a program, with tests drawn beside it."""

from __future__ import annotations

import functools
import random
import textwrap
from collections.abc import Callable, Mapping
from string import Template
from typing import Any

from prorl.tasks.code.exercises import EXERCISES, Exercise
from prorl.tasks.code.judging import Cases, Judging
from prorl.tasks.code.words import SYSTEM, block
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.generated import GeneratedTask, number_of
from prorl.tasks.options import Options

_BY_NAME = {exercise.name: exercise for exercise in EXERCISES}
_DRAWS_PER_TEST = 20
_FORMS = ("function", "program")
_READ = {
    int: ("an integer", "int(input())"),
    list: ("integers with spaces between them; the line may be empty", "[int(part) for part in input().split()]"),
    str: ("the text", "input()"),
}
_SAID = {
    "int": ("an integer", "the integer", "print({})"),
    "str": ("a string", "it", "print({})"),
    "bool": ("True or False", "yes or no", 'print("yes" if {} else "no")'),
    "list": (
        "a list of integers",
        "how many integers there are and then the integers, all in one line with spaces between them",
        "answer = {}\nprint(len(answer), *answer)",
    ),
}


class BuiltinTask(GeneratedTask):
    """Exercises on lists, numbers and words; the score is the share of `tests` that a program passes.

    Expected values come from the worked solution, which is run here: it is ours.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None = None, worked_examples: int = 0) -> None:
        """Options: `exercises` (names, default all), `forms` (`function`, `program`, default both), `tests` of a
        problem (1 to 100, default 10), and those of `Judging`. Raises UserError.
        """
        given = Options(name, options, ("exercises", "forms", "tests", *Judging.OPTIONS))
        self._judging = Judging(name, given)
        self.least_deadline = self._judging.least_deadline
        self._tests = given.whole("tests", 10, 1, 100)
        forms = given.several("forms", _FORMS)
        exercises = given.several("exercises", tuple(_BY_NAME))
        super().__init__(
            name, [f"{exercise}/{form}" for exercise in exercises for form in forms], worked_examples, SYSTEM
        )

    def draw(self, kind: str, rng: random.Random) -> Problem:
        """A problem: the exercise with its numbers, in one of the two forms, and its tests."""
        name, _, form = kind.partition("/")
        exercise = _BY_NAME[name]
        chosen = {choice: rng.choice(values) for choice, values in exercise.choices.items()}
        asked = " ".join((name, *map(str, chosen.values())))
        statement = Template(exercise.statement).substitute(chosen)
        body = Template(exercise.body).substitute(chosen)
        function = f"def {name}({', '.join(exercise.arguments)}):\n{textwrap.indent(body, '    ')}\n"
        given, wanted = _tried(exercise, _solution(function, name), self._tests, rng)
        if form == "function":
            returned = _SAID[exercise.result][0]
            signature = f"{name}({', '.join(exercise.arguments)})"
            question = f"Write a Python function `{signature}` that returns {returned}: {statement}."
            tests = Cases("call", tuple(given), tuple(wanted), name)
            return Problem.of(self.name, [Message("user", question)], _payload(tests, function, asked))
        question, solution = _as_program(exercise, statement, function, given[0])
        inputs = tuple("".join(_line(argument) for argument in arguments) for arguments in given)
        outputs = tuple(_printed(exercise.result, value) for value in wanted)
        payload = _payload(Cases("stdin", inputs, outputs), solution, asked)
        return Problem.of(self.name, [Message("user", question)], payload)

    def dealt_by(self, problem: Problem) -> int:
        """A number that follows from the exercise and its numbers: both forms of it are in one split."""
        return number_of(problem.payload["exercise"])

    def judge(self, problem: Problem, text: str) -> Verdict:
        """The share of all tests that the program passes."""
        return self._judging.judge(problem, text)

    def prepare(self) -> None:
        """Probe the sandbox. Raises UserError if there is none that will do."""
        self._judging.prepare()


def _payload(tests: Cases, program: str, asked: str) -> dict[str, Any]:
    return {**tests.payload(block(program)), "exercise": asked}


def _as_program(exercise: Exercise, statement: str, function: str, example: list[Any]) -> tuple[str, str]:
    """The question for a program that reads and writes, and a program that does."""
    lines, read = [], []
    for number, (argument, value) in enumerate(zip(exercise.arguments, example, strict=True), start=1):
        words, expression = _READ[type(value)]
        lines.append(f"Line {number} of standard input holds `{argument}`: {words}.")
        read.append(expression)
    _, printed, write = _SAID[exercise.result]
    question = f"Write a Python program. {' '.join(lines)} Print {printed}: {statement}."
    call = f"{exercise.name}({', '.join(read)})"
    return question, f"{function}\n\n{write.format(call)}\n"


def _tried(
    exercise: Exercise, solution: Callable[..., Any], count: int, rng: random.Random
) -> tuple[list[list[Any]], list[Any]]:
    """Arguments and results of `count` tests. No result fills more than half of them, if enough draws differ."""
    kept: list[tuple[list[Any], Any]] = []
    surplus: list[tuple[list[Any], Any]] = []
    for _ in range(_DRAWS_PER_TEST * count):
        arguments = [draw(rng) for draw in exercise.arguments.values()]
        result = solution(*arguments)
        alike = sum(result == other for _, other in kept)
        (kept if alike < max(1, count // 2) else surplus).append((arguments, result))
        if len(kept) == count:
            break
    tried = [*kept, *surplus][:count]
    return [arguments for arguments, _ in tried], [result for _, result in tried]


def _line(argument: Any) -> str:
    return f"{' '.join(map(str, argument)) if isinstance(argument, list) else argument}\n"


def _printed(result: str, value: Any) -> str:
    if result == "bool":
        return "yes" if value else "no"
    return " ".join(map(str, [len(value), *value])) if result == "list" else str(value)


@functools.lru_cache(maxsize=256)
def _solution(function: str, name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(function, names)
    solution: Callable[..., Any] = names[name]
    return solution
