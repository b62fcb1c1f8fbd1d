"""The programming problems of Eurus-2-RL-Data (Cui et al. 2025, arXiv:2502.01456), ProRL's source of code prompts.

A row's `reward_model.ground_truth` is JSON: `inputs` and `outputs`, and `fn_name` where a function is asked for. Then
an input is a list of arguments, and an output may be wrapped in a list; or an input is a text with one JSON value a
line, and so is the output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prorl.errors import UserError
from prorl.tasks.code.judging import Cases, Judging
from prorl.tasks.code.prelude import PRELUDE
from prorl.tasks.code.words import SYSTEM
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.dataset import OPTIONS, DatasetTask
from prorl.tasks.deal import FOR_TRAINING
from prorl.tasks.options import Options
from prorl.tasks.rows import Row

_COLUMNS = ("prompt", "reward_model.ground_truth", "ability")


class Eurus2Task(DatasetTask):
    """Programs that read standard input, or functions; the reward is the share of all tests passed.

    The system turns of the data, which ask for a manner of thinking of its own, are left out. So are its problems of
    other abilities than `code`.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None = None, worked_examples: int = 0) -> None:
        """Options: `source`, `splits`, and those of `Judging`. Raises UserError."""
        given = Options(name, options, (*OPTIONS, *Judging.OPTIONS))
        self._judging = Judging(name, given)
        self.least_deadline = self._judging.least_deadline
        super().__init__(
            name,
            worked_examples,
            source=given.text("source", "hf:PRIME-RL/Eurus-2-RL-Data:train"),
            columns=_COLUMNS,
            shares=given.shares("splits", FOR_TRAINING),
            system=SYSTEM,
        )

    def problem_of(self, row: Row) -> Problem | None:
        """The problem of a row; None if it isn't about code, or has no tests."""
        if row["ability"] != "code":
            return None
        question = "\n\n".join(turn["content"] for turn in row["prompt"] if turn["role"] == "user").strip()
        tests = tests_of(row["reward_model.ground_truth"], self.name)
        return Problem.of(self.name, [Message("user", question)], tests.payload()) if tests.inputs else None

    def judge(self, problem: Problem, text: str) -> Verdict:
        """The share of all tests that the program passes."""
        return self._judging.judge(problem, text)

    def prepare(self) -> None:
        """Probe the sandbox. Raises UserError if there is none that will do."""
        self._judging.prepare()


def tests_of(ground_truth: str, task: str) -> Cases:
    """The tests in a `ground_truth`. Raises UserError if it isn't of that form."""
    try:
        truth = json.loads(ground_truth)
        inputs, outputs, entry = truth["inputs"], truth["outputs"], truth.get("fn_name") or ""
        if not isinstance(entry, str) or not isinstance(inputs, list) or not isinstance(outputs, list):
            raise ValueError("inputs and outputs must be lists, fn_name a text")
        if len(inputs) != len(outputs):
            raise ValueError(f"{len(inputs)} inputs but {len(outputs)} outputs")
        if not entry:
            return Cases("stdin", tuple(map(_text, inputs)), tuple(map(_text, outputs)), prelude=PRELUDE)
        arguments = tuple(_arguments(given) for given in inputs)
        wanted = tuple(_value(output, isinstance(given, str)) for given, output in zip(inputs, outputs, strict=True))
        return Cases("call", arguments, wanted, entry, PRELUDE, alternatives=True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        shown = repr(ground_truth)[:80]
        raise UserError(f"{task}: a ground_truth is not as in Eurus-2-RL-Data ({reason}): {shown}") from error


def _text(content: Any) -> str:
    """Some rows give lines as a list."""
    return content if isinstance(content, str) else "\n".join(map(str, content))


def _arguments(given: Any) -> tuple[Any, ...]:
    if isinstance(given, str):
        given = [json.loads(line) for line in given.split("\n") if line.strip()]
    if not isinstance(given, list):
        raise ValueError("the input of a function must be a list of its arguments")
    return tuple(_with_numbers_as_keys(argument) for argument in given)


def _value(output: Any, as_json: bool) -> Any:
    return _with_numbers_as_keys(json.loads(output) if as_json and isinstance(output, str) else output)


def _with_numbers_as_keys(value: Any) -> Any:
    """JSON made texts of the numbers that were keys; dictionaries whose keys are all numbers get them back."""
    if isinstance(value, dict) and value and all(key.lstrip("-").isdecimal() for key in value):
        return {int(key): held for key, held in value.items()}
    return value
