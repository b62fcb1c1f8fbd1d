"""Published problems of science: GPQA to test with, SCP-116K to train on."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from prorl.tasks import dataset, extract
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.deal import FOR_TRAINING, TEST_ONLY
from prorl.tasks.math import judging, library
from prorl.tasks.options import Options
from prorl.tasks.rows import Row
from prorl.tasks.stem import answers, choice, pint_units, quantity
from prorl.tasks.stem.unit_text import factors

_SHORT = 100
"""Characters up to which a solution as a whole may be the answer."""

_LETTER = re.compile(r"\(?([A-H])\)?")
_UNIT = re.compile(r"[0-9}]\s*(?!(?:\\times|\\cdot|x)\s*10|[eE][+-]?[0-9])((?:\\|[A-Za-zµΩ°%]).*)", re.DOTALL)


class GpqaTask(dataset.DatasetTask):
    """GPQA: four options in an order that is fixed for each question; all questions are in the test split."""

    guess_rate = 0.25
    """What picking an option at random scores on average."""

    # Columns of the published CSV files, which has many more: the question, the right option and three wrong ones.
    _COLUMNS = ("Question", "Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        """Options: `source` (by default the gated `Idavidrein/gpqa`, its diamond set), `splits`, `system`.

        Raises UserError.
        """
        checked = Options(name, options, (*dataset.OPTIONS, "system"))
        super().__init__(
            name,
            worked_examples,
            source=checked.text("source", "hf:Idavidrein/gpqa:gpqa_diamond"),
            columns=self._COLUMNS,
            optional=("Explanation",),
            shares=checked.shares("splits", TEST_ONLY),
            system=checked.text("system", choice.SYSTEM),
        )

    def problem_of(self, row: Row) -> Problem | None:
        """The problem of a row; None if two of its options are the same."""
        question, right, *wrong = (str(row[column]).strip() for column in self._COLUMNS)
        if len({right, *wrong}) < 4:
            return None
        return choice.choice_problem(self.name, question, right, wrong, random.Random(question))

    def judge(self, problem: Problem, text: str) -> Verdict:
        """1 if the letter is the right one."""
        return choice.judge(problem, text)

    def worked_solution(self, problem: Problem) -> str:
        """The letter in a box."""
        return str(problem.payload["solution"])


class ScpTask(dataset.DatasetTask):
    """SCP-116K: problems from textbooks whose solutions end in something that can be checked.

    That is a letter, a number with a unit, or a short formula. All other rows are left out, and counted; so are rows
    that say that another model's answer disagreed with the solution.
    """

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        """Options: `source`, `splits`, `tolerance` (relative, for quantities), `agreed_only` (default true), `system`.

        Raises UserError.
        """
        checked = Options(name, options, (*dataset.OPTIONS, "tolerance", "agreed_only", "system"))
        self._tolerance = checked.number("tolerance", quantity.TOLERANCE, 0.0, 0.5)
        self._agreed_only = checked.flag("agreed_only", True)
        super().__init__(
            name,
            worked_examples,
            source=checked.text("source", "hf:EricLu/SCP-116K"),
            # Of the published columns: the question, the textbook's solution, and whether a model's answer matched it.
            columns=("problem",),
            optional=("solution", "matches_solution"),
            shares=checked.shares("splits", FOR_TRAINING),
            system=checked.text("system", r"Think step by step, and put the final answer within \boxed{}."),
        )

    def problem_of(self, row: Row) -> Problem | None:
        """The problem of a row; None if its solution has no answer that can be checked."""
        if self._agreed_only and str(row["matches_solution"]).strip().lower() in ("false", "0"):
            return None
        question, solution = str(row["problem"]).strip(), str(row["solution"] or "").strip()
        answer = _final(solution)
        payload = None if answer is None else self._payload(question, answer)
        if payload is None or not question:
            return None
        payload["solution"] = f"{solution}\n\\boxed{{{answer}}}" if f"\\boxed{{{answer}}}" not in solution else solution
        return Problem.of(self.name, [Message("user", question)], payload)

    def judge(self, problem: Problem, text: str) -> Verdict:
        """By letter, quantity or formula, as the right answer is."""
        by = {"choice": choice.judge, "quantity": answers.judge_quantity, "math": judging.judge}
        return by[problem.payload["by"]](problem, text)

    def worked_solution(self, problem: Problem) -> str:
        """The published solution with its answer in a box."""
        return str(problem.payload["solution"])

    def prepare(self) -> None:
        """Import math-verify and pint."""
        library.prepare()
        pint_units.prepare()

    def _payload(self, question: str, answer: str) -> dict[str, Any] | None:
        if found := _LETTER.fullmatch(answer):
            return {"by": "choice", "answer": found[1]}
        given = quantity.quantity(answer)
        unit = _UNIT.search(answer)
        if (
            given is not None
            and given.unit
            and unit
            and factors(unit[1]) == given.unit
            and pint_units.unit_of(given.unit)
        ):
            payload = {"by": "quantity", "value": given.value, "unit": unit[1], "tolerance": self._tolerance}
            return {**payload, "unit_needed": not _names_unit(question, unit[1])}
        return {"by": "math", "answer": answer} if judging.can_be_judged(answer) else None


def _final(solution: str) -> str | None:
    """The answer that a solution ends in, if it says so or is nothing else."""
    answer = extract.boxed(solution) or extract.said(solution)
    if answer is None and "\n" not in solution:
        answer = solution.strip().strip("$").rstrip(".")
    return answer if answer and len(answer) <= _SHORT else None


def _names_unit(question: str, unit: str) -> bool:
    """Whether a question says in which unit its answer is wanted: `in kJ`, `(in m/s)`."""
    bare = re.sub(r"\\(?:text|mathrm|,|;| )|[{}$\s]", "", unit)
    return f"in{bare}" in re.sub(r"\\(?:text|mathrm|,|;| )|[{}$\s]", "", question)
