"""Every Reasoning Gym task through one adapter: its generators, its options, its scorer.

Reasoning Gym draws item `index` of a data set from the seed `seed + index`, so data sets with neighbouring seeds share
nearly all their items. Here every split owns a range of 10^9 seeds (train from 0, validation from 1·10^9, test from
2·10^9, examples from 3·10^9), and `index` counts within it. Ranges keep the *draws* apart; small families of problems
still repeat questions, which is why problems carry content ids and `prorl.tasks.suite` excludes by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from prorl.errors import UserError
from prorl.tasks import extract
from prorl.tasks.contract import ENDLESS, Message, Outcome, Problem, Split, Verdict
from prorl.tasks.reasoning_gym_library import PREFIX, global_randomness_kept, library, names
from prorl.tasks.reasoning_gym_mends import DRAWN_AT_START, UNSTABLE_SOLUTIONS, mended
from prorl.tasks.reasoning_gym_options import checked_options
from prorl.tasks.reasoning_gym_scorers import NotOfTheForm, scorer
from prorl.tasks.reasoning_gym_solutions import solution
from prorl.tasks.steps import equations_hold

__all__ = ["PREFIX", "SYSTEM", "ReasoningGymTask", "names"]

SYSTEM = "Answer inside <answer></answer> tags."

_FIRST_SEED = {
    split: number * ENDLESS for number, split in enumerate((Split.TRAIN, Split.VALIDATION, Split.TEST, Split.EXAMPLES))
}
ARITHMETIC = {
    "basic_arithmetic", "chain_sum", "complex_arithmetic", "countdown", "decimal_arithmetic", "decimal_chain_sum",
    "dice", "fraction_simplification", "gcd", "gsm_symbolic", "lcm", "leg_counting", "number_format", "power_function",
    "prime_factorization", "products", "puzzle24", "simple_equations", "simple_geometry",
}  # fmt: skip
"""Data sets whose solutions are worked out with numbers as everybody writes them."""

NO_ANSWERS = ("", "{}")
"""Nothing could be put between the tags; the program that is asked about has no input or no output."""

_BLOCK = 500
_AWAY = 500_000_003


class ReasoningGymTask:
    """One Reasoning Gym data set as a task. Picklable: data sets are made on first use in each process."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any] | None = None,
        worked_examples: int = 0,
        system: str = SYSTEM,
    ) -> None:
        """`name` is `reasoning_gym/` and a data set's name; `options` are fields of its config, and `level`, the
        difficulty in the library's own curriculum (from 0), which other options override.

        `worked_examples` solved problems are shown before each question, after the instruction `system` (none if
        empty). Raises UserError naming the task and the option at fault.
        """
        self.name = name
        self._dataset_name = name.removeprefix(PREFIX)
        self._worked_examples = worked_examples
        self._system = system
        self._datasets: dict[tuple[Split, int], Any] = {}
        self._options = checked_options(name, self._dataset_name, dict(options or {}))
        self._shown: dict[str, str] = {}
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
            turns += (*example.messages, Message("assistant", self._shown[example.id]))
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
        """A completion that solves the problem, in the format asked for; None if no answer is known."""
        answer = solution(self._dataset_name, self._dataset(Split.TRAIN, 0), dict(problem.payload))
        return None if answer is None else f"<answer>{answer}</answer>"

    def check_steps(self, problem: Problem, text: str) -> bool | None:
        """Whether the equations between numbers in a completion hold; None for tasks that are no arithmetic."""
        return equations_hold(text) if self._dataset_name in ARITHMETIC else None

    def prepare(self) -> None:
        """Import the library and make the data set that scores, ahead of the first judgement."""
        self._dataset(Split.TRAIN, 0)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_datasets": {}}

    def _score(self, answer: str, problem: Problem) -> tuple[float | None, str]:
        """The score in [0, 1], or None and the reason why the scorer cannot read this answer."""
        try:
            return self._raw_score(answer, problem), ""
        except NotOfTheForm as error:
            return None, str(error)
        except Exception as error:
            right = extract.strict(self.worked_solution(problem) or "")
            if right is None or answer == right or self._raw_score(right, problem) < 1.0:
                raise
            return None, f"the scorer cannot read it: {type(error).__name__}: {error}"

    def _raw_score(self, answer: str, problem: Problem) -> float:
        dataset = self._dataset(Split.TRAIN, 0)
        entry = dict(problem.payload)
        with global_randomness_kept(0):
            score = scorer(self._dataset_name)(dataset, answer, entry)
        if math.isnan(score):
            raise ValueError("the score is not a number")
        return min(1.0, max(0.0, score))

    def _entry(self, split: Split, index: int) -> dict[str, Any]:
        block, within = divmod(index, _BLOCK) if self._dataset_name in DRAWN_AT_START else (0, index)
        dataset = self._dataset(split, block)
        with global_randomness_kept(_FIRST_SEED[split] + index):
            entry: dict[str, Any] = dataset[within]
        if entry["answer"] in NO_ANSWERS:  # another problem takes its place
            return self._entry(split, (index + _AWAY) % ENDLESS)
        return entry

    def _dataset(self, split: Split, block: int) -> Any:
        key = (split, block)
        if key not in self._datasets:
            if len(self._datasets) >= 8:
                self._datasets.clear()
            sized = self._dataset_name in DRAWN_AT_START
            with global_randomness_kept(0):
                dataset = library().create_dataset(
                    self._dataset_name,
                    **self._options,
                    seed=_FIRST_SEED[split] + block * _BLOCK,
                    size=_BLOCK if sized else ENDLESS,
                )
            self._datasets[key] = mended(self._dataset_name, dataset)
        return self._datasets[key]

    def _draw_examples(self, tries: int = 50) -> tuple[Problem, ...]:
        """The examples. At least one item is drawn in any case, which proves that the options work."""
        if self._worked_examples and self._dataset_name in UNSTABLE_SOLUTIONS:
            raise UserError(f"{self.name}: its solutions differ from process to process; set worked_examples to 0")
        drawn: list[Problem] = []
        chosen: tuple[Problem, ...] = ()
        try:
            for index in range(tries if self._worked_examples else 1):
                drawn.append(problem := self.problem(Split.EXAMPLES, index))
                if self._worked_examples:
                    self._shown[problem.id] = self.worked_solution(problem) or ""
                chosen = self._different(drawn, by_answer=True)
                if len(chosen) == self._worked_examples:
                    break
        except Exception as error:
            raise UserError(
                f"{self.name}: no item can be made with options {self._options}: {type(error).__name__}: {error}"
            ) from error
        if self._worked_examples and not any(self._shown.values()):
            raise UserError(f"{self.name}: has no solutions to show; set worked_examples to 0")
        if len(chosen) < self._worked_examples:
            chosen = self._different(drawn, by_answer=False)
        if len(chosen) < self._worked_examples:
            raise UserError(
                f"{self.name}: {tries} draws gave only {len(chosen)} different examples; "
                f"lower worked_examples from {self._worked_examples}"
            )
        return chosen

    def _different(self, drawn: list[Problem], by_answer: bool) -> tuple[Problem, ...]:
        """The first problems with different questions and, `by_answer`, different answers; none without an answer."""
        chosen: dict[str, Problem] = {}
        for problem in drawn:
            if self._shown.get(problem.id):
                chosen.setdefault(self._shown[problem.id] if by_answer else problem.id, problem)
        return tuple(chosen.values())[: self._worked_examples]
