"""Numbers of things: where no unit is asked for, what was counted may stand in its place."""

import pytest

from prorl.tasks.contract import Message, Outcome, Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.stem.answers import judge_quantity


@pytest.mark.parametrize(
    ("formula", "nouns"),
    [
        ("bacterial_growth", ["bacteria", r"\text{ bacteria}", r"\text{cells}", "individuals"]),
        ("mark_and_recapture", ["animals", r"\text{ animals}", "marked animals"]),
        ("arrhenius_ratio", [r"\text{ times}", "times"]),
        ("number_of_particles", ["molecules", "particles"]),
        ("carrier_frequency", ["of the population"]),
    ],
)
def test_what_is_counted_may_stand_after_a_number_without_a_unit(formula, nouns):
    task = build("stem/generated", options={"formulas": [formula]})
    problem = next(p for i in range(99) if not (p := task.problem(Split.TRAIN, i)).payload["unit"])
    number, twice = (f"{factor * problem.payload['value']:.6g}".replace("e+", r" \times 10^") for factor in (1, 2))
    for noun in nouns:
        assert task.judge(problem, f"\\boxed{{{number} {noun}}}").outcome is Outcome.SOLVED, noun
        assert task.judge(problem, f"\\boxed{{{twice} {noun}}}").outcome is Outcome.WRONG, noun
    for unit in ("m", "h", "penguins", "min", "K", "bacteria^2", "animals/h", "1/bacteria"):
        assert task.judge(problem, f"\\boxed{{{number} {unit}}}").score == 0.0, unit


def test_a_word_that_makes_it_another_number_is_not_what_was_counted():
    question = "A pond holds 2 million frogs, of which 1 in 400 is blue. How many blue frogs are there?"
    payload = {"value": 5000.0, "unit": "", "unit_needed": False}
    problem = Problem.of("stem/generated", [Message("user", question)], payload)
    assert judge_quantity(problem, r"\boxed{5000 \text{ blue frogs}}").outcome is Outcome.SOLVED
    assert judge_quantity(problem, r"\boxed{5000 \text{ million frogs}}").outcome is Outcome.WRONG
