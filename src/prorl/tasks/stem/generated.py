"""Problems of physics, chemistry and biology made from formulas, answered by a quantity or by choosing one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from prorl.tasks import generated
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.options import Options
from prorl.tasks.stem import (
    answers,
    choice,
    distractors,
    formulas_biology,
    formulas_chemistry,
    formulas_fields,
    formulas_mechanics,
    pint_units,
    quantity,
)
from prorl.tasks.stem.formula import Formula, from_si
from prorl.tasks.stem.worked import drawn, shown, worked_out, written

SUBJECTS: Mapping[str, Mapping[str, Formula]] = {
    "physics": {**formulas_mechanics.FORMULAS, **formulas_fields.FORMULAS},
    "chemistry": formulas_chemistry.FORMULAS,
    "biology": formulas_biology.FORMULAS,
}
FORMULAS: Mapping[str, Formula] = {name: formula for subject in SUBJECTS.values() for name, formula in subject.items()}
"""All formulas, by name."""


class GeneratedStemTask(generated.GeneratedTask):
    """Quantities worked out from formulas. In half of the problems the unit of the result is given."""

    _system = answers.SYSTEM

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int) -> None:
        """Options: `subjects` (of physics, chemistry, biology) or `formulas` (a list of names), by default all;
        `tolerance` (relative, default 0.02), `system` (the instruction). Raises UserError.
        """
        checked = Options(name, options, ("subjects", "formulas", "tolerance", "system"))
        subjects = checked.several("subjects", list(SUBJECTS))
        of_subjects = [formula for subject in subjects for formula in SUBJECTS[subject]]
        self._tolerance = checked.number("tolerance", quantity.TOLERANCE, 0.0, 0.5)
        kinds = checked.several("formulas", of_subjects)
        super().__init__(name, kinds, worked_examples, checked.text("system", self._system))

    def draw(self, kind: str, rng: random.Random) -> Problem:
        """A problem of a formula, its quantities drawn at random."""
        formula = FORMULAS[kind]
        given, in_si = drawn(formula, rng)
        unit = rng.choice(formula.units)
        result = from_si(in_si, unit)
        question, steps = worked_out(formula, given, unit)
        named = not unit or rng.random() < 0.5
        asked = (
            f" Give the result in {shown(unit)}."
            if unit and named
            else " Give the result with its unit."
            if unit
            else ""
        )
        answer = written(result, unit)
        payload = {
            "kind": kind,
            "value": result,
            "unit": unit,
            "unit_needed": not named,
            "tolerance": self._tolerance,
            "solution": "\n".join([*steps, f"\\boxed{{{answer}}}"]),
        }
        return Problem.of(self.name, [Message("user", question + asked)], payload)

    def judge(self, problem: Problem, text: str) -> Verdict:
        r"""1 if the last `\boxed{…}` holds the right quantity."""
        return answers.judge_quantity(problem, text)

    def prepare(self) -> None:
        """Import pint."""
        pint_units.prepare()


class GeneratedChoiceTask(GeneratedStemTask):
    """The same problems with four results of the formula to choose from, of which the wrong ones belong to others."""

    guess_rate = 0.25
    """What picking an option at random scores on average."""

    _system = choice.SYSTEM

    def draw(self, kind: str, rng: random.Random) -> Problem:
        """A problem of a formula with four options."""
        formula = FORMULAS[kind]
        unit = rng.choice(formula.units)
        chosen = None
        while chosen is None:
            pool = [drawn(formula, rng) for _ in range(distractors.POOL)]
            results = [from_si(in_si, unit) for _, in_si in pool]
            chosen = distractors.one_and_distractors(results, rng)
        question, steps = worked_out(formula, pool[chosen[0]][0], unit)
        right, *wrong = (written(results[place], unit) for place in chosen)
        problem = choice.choice_problem(self.name, question, right, wrong, rng, "\n".join(steps))
        return Problem(problem.id, problem.task, problem.messages, {**problem.payload, "kind": kind})

    def judge(self, problem: Problem, text: str) -> Verdict:
        """1 if the letter is the right one."""
        return choice.judge(problem, text)

    def prepare(self) -> None:
        """Nothing needs to be imported."""
