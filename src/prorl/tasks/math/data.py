"""Published mathematics problems: data to train on, and benchmarks that are wholly for testing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prorl.tasks import dataset
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.deal import FOR_TRAINING, TEST_ONLY
from prorl.tasks.math import judging, library
from prorl.tasks.math.boxes import joined
from prorl.tasks.options import Options
from prorl.tasks.rows import Row
from prorl.tasks.steps import equations_hold

SYSTEM = r"Think step by step, and put the final answer within \boxed{}."

OPTIONS = (*dataset.OPTIONS, "question_column", "answer_column", "system")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a data set is published, what its columns are called, and what it is for."""

    source: str
    question: str = "problem"
    answer: str = "answer"
    solution: str | None = None
    benchmark: bool = True


PUBLISHED: Mapping[str, Published] = {
    # problem, answer, solution: 40,315 rows, the answer without a box.
    "deepscaler": Published("hf:agentica-org/DeepScaleR-Preview-Dataset", solution="solution", benchmark=False),
    # id, problem, solution, answer, url, year: 30 rows in a split called train. Answers are whole numbers as text.
    "aime24": Published("hf:HuggingFaceH4/aime_2024:train", solution="solution"),
    # problem, answer, id: 30 rows.
    "aime25": Published("hf:math-ai/aime25:test"),
    # id, problem, answer, url: 83 rows of 2022 and 2023 in a split called train. Answers are numbers: 142.0.
    "amc": Published("hf:AI-MO/aimo-validation-amc:train"),
    # problem, solution, answer, subject, level, unique_id: 500 rows.
    "math500": Published("hf:HuggingFaceH4/MATH-500:test", solution="solution"),
    # question, answer: 272 rows; answers in LaTeX, many with powers of ten, none with units.
    "minerva": Published("hf:math-ai/minervamath:test", question="question"),
    # question, final_answer (a list of texts, in dollars; all of them are asked for), solution (a list), unit,
    # is_multiple_answer, error and more: 674 rows. A directory for each subset.
    "olympiadbench": Published("hf:Hothan/OlympiadBench:OE_TO_maths_en_COMP", "question", "final_answer", "solution"),
}
"""The data sets by their task's name after `math/`. Column names are those of the published files."""


class PublishedMathTask(dataset.DatasetTask):
    """One published data set. Rows whose answer cannot be compared with anything are left out, and counted."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        """Options: `source` (a file, folder or `hf:…`; by default the published one), `splits` (shares by split),
        `question_column`, `answer_column`, `system` (the instruction). Raises UserError.
        """
        published = PUBLISHED[name.rpartition("/")[2]]
        checked = Options(name, options, OPTIONS)
        self._question = checked.text("question_column", published.question)
        self._answer = checked.text("answer_column", published.answer)
        self._solution = published.solution
        super().__init__(
            name,
            worked_examples,
            source=checked.text("source", published.source),
            columns=(self._question,),
            optional=(self._answer, *([published.solution] if published.solution else [])),
            shares=checked.shares("splits", TEST_ONLY if published.benchmark else FOR_TRAINING),
            system=checked.text("system", SYSTEM),
        )

    def problem_of(self, row: Row) -> Problem | None:
        """The problem of a row; None if its answer is missing or can't be judged."""
        answer = ", ".join(_texts(row[self._answer]))
        if not judging.can_be_judged(answer):
            return None
        solutions = _texts(row[self._solution]) if self._solution else []
        payload = {"answer": answer, "solution": solutions[0] if solutions else ""}
        return Problem.of(self.name, [Message("user", str(row[self._question]).strip())], payload)

    def judge(self, problem: Problem, text: str) -> Verdict:
        r"""1 if the last `\boxed{…}` holds the right answer, exactly or by equivalence."""
        return judging.judge(problem, text)

    def check_steps(self, problem: Problem, text: str) -> bool | None:
        """Whether the equations between numbers in a completion hold."""
        return equations_hold(text)

    def worked_solution(self, problem: Problem) -> str:
        """The published solution if it ends in the right box, else that box alone."""
        solution, boxed = str(problem.payload["solution"]).strip(), f"\\boxed{{{_unboxed(problem.payload['answer'])}}}"
        ends_in_it = boxed in solution[-len(boxed) - 20 :] and len(joined(solution)) == 1
        return solution if ends_in_it else f"{solution}\n\n{boxed}".strip()

    def prepare(self) -> None:
        """Import math-verify."""
        library.prepare()


def _texts(value: Any) -> list[str]:
    """A cell as texts: numbers such as 142.0 are written as the integers they are, lists are lists."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text for entry in value for text in _texts(entry)]
    if isinstance(value, float) and value.is_integer():
        return [str(int(value))]
    return [str(value).strip()] if str(value).strip() else []


def _unboxed(answer: str) -> str:
    return answer.strip().strip("$").strip()
