"""Every Reasoning Gym task through one adapter: its generators, its options, its scorer.

Reasoning Gym draws item `index` of a data set from the seed `seed + index`, so data sets with neighbouring seeds share
nearly all their items. Here every split owns a range of 10^9 seeds (train from 0, validation from 1·10^9, test from
2·10^9, examples from 3·10^9), and `index` counts within it. Ranges keep the *draws* apart; small families of problems
still repeat questions, which is why problems carry content ids and `prorl.tasks.suite` excludes by them.
"""

from __future__ import annotations

import difflib
import math
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from prorl.errors import UserError
from prorl.tasks import extract
from prorl.tasks.contract import ENDLESS, Message, Outcome, Problem, Split, Verdict
from prorl.tasks.names import unknown
from prorl.tasks.reasoning_gym_mends import DRAWN_AT_START, UNSTABLE_SOLUTIONS, mended, scorer

PREFIX = "reasoning_gym/"
SYSTEM = "Answer inside <answer></answer> tags."

_FIRST_SEED = {
    split: number * ENDLESS for number, split in enumerate((Split.TRAIN, Split.VALIDATION, Split.TEST, Split.EXAMPLES))
}
_OURS = {"seed", "size"}
"""Options of every Reasoning Gym data set that the splits decide."""

_BLOCK = 500


class ReasoningGymTask:
    """One Reasoning Gym data set as a task. Picklable: data sets are made on first use in each process."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any] | None = None,
        worked_examples: int = 0,
        system: str = SYSTEM,
    ) -> None:
        """`name` is `reasoning_gym/` and a data set's name; `options` are fields of its config.

        `worked_examples` solved problems are shown before each question, after the instruction `system` (none if
        empty). Raises UserError naming the task and the option at fault.
        """
        self.name = name
        self._dataset_name = name.removeprefix(PREFIX)
        self._worked_examples = worked_examples
        self._system = system
        self._datasets: dict[tuple[Split, int], Any] = {}
        self._options = _checked_options(name, self._dataset_name, dict(options or {}))
        self._examples = self._draw_examples()

    def size(self, split: Split) -> int | None:
        """None: problems are generated without end (they may repeat)."""
        return None

    def problem(self, split: Split, index: int) -> Problem:
        """The problem drawn from seed `first seed of the split + index`. IndexError outside [0, 10^9)."""
        if not 0 <= index < ENDLESS:
            raise IndexError(f"{self.name}: index {index} is outside [0, {ENDLESS})")
        entry = self._entry(split, index)
        return Problem.of(self.name, [Message("user", entry["question"])], entry)

    def examples(self) -> tuple[Problem, ...]:
        """The worked examples: the first draws of the examples split that differ, if possible also in their answers."""
        return self._examples

    def prompt(self, problem: Problem) -> tuple[Message, ...]:
        """The instruction, the worked examples as turns of a conversation, and the question."""
        turns = [Message("system", self._system)] if self._system else []
        for example in self._examples:
            turns += example.messages
            turns.append(Message("assistant", f"<answer>{example.payload['answer']}</answer>"))
        return (*turns, *problem.messages)

    def judge(self, problem: Problem, text: str) -> Verdict:
        """Score by Reasoning Gym's own scorer; partial scores are kept, but only a full one is SOLVED.

        An answer that makes the scorer raise is UNPARSEABLE if the scorer still accepts the right answer; if it raises
        for that too, or no right answer is known, the exception is let through: then the scorer is what's broken.
        """
        strict, tolerant = extract.strict(text), extract.tolerant(text)
        score, detail = (None, "") if strict is None else self._score(strict, problem)
        tolerant_score, tolerant_detail = score, ""
        if tolerant is not None and tolerant != strict and score != 1.0:
            tolerant_score, tolerant_detail = self._score(tolerant, problem)
        best = max(score or 0.0, tolerant_score or 0.0)
        if score is None:
            return Verdict(0.0, Outcome.UNPARSEABLE, best, strict or tolerant, detail or tolerant_detail)
        return Verdict(score, Outcome.SOLVED if score >= 1.0 else Outcome.WRONG, best, strict)

    def worked_solution(self, problem: Problem) -> str | None:
        """A completion that solves the problem, in the format asked for; None if Reasoning Gym knows no answer."""
        answer = problem.payload["answer"]
        return None if answer is None else f"<answer>{answer}</answer>"

    def prepare(self) -> None:
        """Import the library and make the data set that scores, ahead of the first judgement."""
        self._dataset(Split.TRAIN, 0)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_datasets": {}}

    def _score(self, answer: str, problem: Problem) -> tuple[float | None, str]:
        """The score in [0, 1], or None and the reason why the scorer cannot read this answer."""
        try:
            return self._raw_score(answer, problem), ""
        except Exception as error:
            right = problem.payload["answer"]
            if right is None or answer == right or self._raw_score(right, problem) < 1.0:
                raise
            return None, f"the scorer cannot read it: {type(error).__name__}: {error}"

    def _raw_score(self, answer: str, problem: Problem) -> float:
        dataset = self._dataset(Split.TRAIN, 0)
        entry = dict(problem.payload)
        with _global_randomness_kept(0):
            score = scorer(self._dataset_name)(dataset, answer, entry)
        if math.isnan(score):
            raise ValueError("the score is not a number")
        return min(1.0, max(0.0, score))

    def _entry(self, split: Split, index: int) -> dict[str, Any]:
        block, within = divmod(index, _BLOCK) if self._dataset_name in DRAWN_AT_START else (0, index)
        dataset = self._dataset(split, block)
        with _global_randomness_kept(_FIRST_SEED[split] + index):
            entry: dict[str, Any] = dataset[within]
        return entry

    def _dataset(self, split: Split, block: int) -> Any:
        key = (split, block)
        if key not in self._datasets:
            if len(self._datasets) >= 8:
                self._datasets.clear()
            sized = self._dataset_name in DRAWN_AT_START
            library = _library()
            with _global_randomness_kept(0):
                dataset = library.create_dataset(
                    self._dataset_name,
                    **self._options,
                    seed=_FIRST_SEED[split] + block * _BLOCK,
                    size=_BLOCK if sized else ENDLESS,
                )
            self._datasets[key] = mended(self._dataset_name, dataset)
        return self._datasets[key]

    def _draw_examples(self, tries: int = 50) -> tuple[Problem, ...]:
        """The examples. At least one item is drawn in any case, which proves that the options work."""
        drawn: list[Problem] = []
        try:
            for index in range(tries if self._worked_examples else 1):
                drawn.append(self.problem(Split.EXAMPLES, index))
                chosen = _different(drawn, self._worked_examples, by_answer=True)
                if len(chosen) == self._worked_examples:
                    break
        except Exception as error:
            raise UserError(
                f"{self.name}: no item can be made with options {self._options}: {type(error).__name__}: {error}"
            ) from error
        if len(chosen) < self._worked_examples:
            chosen = _different(drawn, self._worked_examples, by_answer=False)
        if self._worked_examples and self._dataset_name in UNSTABLE_SOLUTIONS:
            raise UserError(f"{self.name}: its solutions differ from process to process; set worked_examples to 0")
        if self._worked_examples and drawn[0].payload["answer"] is None:
            raise UserError(f"{self.name}: has no solutions to show; set worked_examples to 0")
        if len(chosen) < self._worked_examples:
            raise UserError(
                f"{self.name}: {tries} draws gave only {len(chosen)} different examples; "
                f"lower worked_examples from {self._worked_examples}"
            )
        return chosen


def _different(drawn: list[Problem], count: int, by_answer: bool) -> tuple[Problem, ...]:
    """The first `count` problems with different questions and, `by_answer`, different answers."""
    chosen: dict[str, Problem] = {}
    for problem in drawn:
        chosen.setdefault(str(problem.payload["answer"]) if by_answer else problem.id, problem)
    return tuple(chosen.values())[:count]


def names() -> list[str]:
    """Names of all Reasoning Gym tasks, with their prefix, sorted."""
    return sorted(PREFIX + name for name in _registered() if name != "composite")


def _checked_options(task: str, dataset: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options, converted to the types that the config declares."""
    if PREFIX + dataset not in names():
        raise unknown(task, names())
    config = _registered()[dataset][1]
    valid = [option.name for option in fields(config) if option.name not in _OURS]
    hints = get_type_hints(config)
    for option, value in options.items():
        if option in _OURS:
            raise UserError(f"{task}: option {option!r} is decided by the splits; remove it")
        if option not in valid:
            close = difflib.get_close_matches(option, valid, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise UserError(f"{task}: unknown option {option!r}; {hint}valid: {', '.join(valid)}")
        try:
            options[option] = _converted(hints[option], value, getattr(config(), option))
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise UserError(f"{task}: option {option!r} cannot be {value!r}: {reason}") from error
    try:
        made = config(**options)
        if hasattr(made, "validate"):
            made.validate()
    except (AssertionError, ValueError, TypeError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise UserError(f"{task}: bad options ({given}): {error}; valid: {', '.join(valid)}") from error
    return options


def _converted(declared: Any, value: Any, default: Any) -> Any:
    """The value as the declared type, such as a tuple for a list. Raises ValidationError."""
    adapter: TypeAdapter[Any] = TypeAdapter(declared)
    try:
        adapter.validate_python(default)
    except ValidationError:
        return value  # some declarations don't even fit their own defaults
    return adapter.validate_python(value)


def _library() -> Any:
    """Reasoning Gym, imported when first needed: it takes seconds and uses global randomness while it loads."""
    with _global_randomness_kept(0):
        import reasoning_gym

    return reasoning_gym


def _registered() -> Mapping[str, tuple[type, Any]]:
    _library()
    from reasoning_gym.factory import DATASETS

    registered: Mapping[str, tuple[type, Any]] = DATASETS
    return registered


@contextmanager
def _global_randomness_kept(seed: int) -> Iterator[None]:
    """Some generators draw from global random state: make what they draw depend on `seed`, and put ours back after."""
    ours = random.getstate()
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    ours_of_numpy = numpy.random.get_state() if numpy else None
    if numpy:
        numpy.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(ours)
        if numpy:
            numpy.random.set_state(ours_of_numpy)
