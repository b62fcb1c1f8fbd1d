import inspect
import math
import random
from collections import Counter

import pint
import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Outcome, Split
from prorl.tasks.registry import build, names
from prorl.tasks.stem.formula import CONSTANTS, UNITS, from_si, to_si
from prorl.tasks.stem.generated import FORMULAS, SUBJECTS
from prorl.tasks.stem.pint_units import unit_of
from prorl.tasks.stem.quantity import quantity
from prorl.tasks.stem.unit_text import factors
from prorl.tasks.stem.worked import written

JUNK = ["", "no idea", r"\boxed{}", r"\boxed{-1}", r"\boxed{1, 2, 3, 4}", r"\boxed{all of them}", r"\boxed{nan}"]
DRAWS = 6
registry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def drawn(name, kind, count=DRAWS):
    task = build(name)
    return task, [task.draw(kind, random.Random(f"{kind}/{index}")) for index in range(count)]


def test_there_are_formulas_of_every_subject():
    assert set(SUBJECTS) == {"physics", "chemistry", "biology"}
    assert sum(map(len, SUBJECTS.values())) == len(FORMULAS) >= 40


@pytest.mark.parametrize("kind", FORMULAS)
@pytest.mark.parametrize("name", ["stem/generated", "stem/generated_choice"])
def test_the_solution_is_accepted_and_junk_is_not(name, kind):
    task, problems = drawn(name, kind)
    for problem in problems:
        verdict = task.judge(problem, task.worked_solution(problem))
        assert (verdict.outcome, verdict.score, verdict.tolerant_score) == (Outcome.SOLVED, 1.0, 1.0), problem
        for junk in [*JUNK, problem.messages[0].content]:
            assert task.judge(problem, junk).score == 0.0, (problem, junk)


@pytest.mark.parametrize("kind", FORMULAS)
def test_dimensions_agree_and_the_result_follows_from_the_numbers_in_the_question(kind):
    """The function is evaluated on pint's quantities, so a factor or a unit that is wrong shows."""
    formula = FORMULAS[kind]
    assert set(inspect.signature(formula.result).parameters) == {*formula.inputs, *formula.constants}
    chance = random.Random(kind)
    values = {name: chance.uniform(entry.low, entry.high) for name, entry in formula.inputs.items()}
    values = {name: round(v) if formula.inputs[name].whole else v for name, v in values.items()}
    given = {name: registry.Quantity(v, unit_of_text(formula.inputs[name].unit)) for name, v in values.items()}
    constants = {
        name: registry.Quantity(CONSTANTS[name][0], unit_of_text(CONSTANTS[name][1])) for name in formula.constants
    }
    in_base = {name: entry.to_base_units() for name, entry in {**given, **constants}.items()}
    result = formula.result(**in_base)
    plain = formula.result(
        **{name: to_si(value, formula.inputs[name].unit) for name, value in values.items()},
        **{name: CONSTANTS[name][0] for name in constants},
    )
    for unit in formula.units:
        expected = registry.Quantity(1.0, "") * result
        assert math.isclose(expected.to(unit_of_text(unit)).magnitude, from_si(plain, unit), rel_tol=1e-6), unit


def unit_of_text(text):
    """A unit as pint reads it by itself, not by way of our reader."""
    spelled = text.replace("·", "*").replace("²", "**2").replace("³", "**3").replace("⁴", "**4").replace("°C", "degC")
    return registry.Unit(spelled.replace("°", "degree").replace("%", "percent"))


@pytest.mark.parametrize("unit", UNITS)
def test_the_sizes_of_units_are_pint_s_and_our_reader_reads_them_as_shown(unit):
    reference = registry.Quantity(1.0, unit_of_text(unit)).to_base_units().magnitude
    assert math.isclose(reference, to_si(1.0, unit), rel_tol=1e-9)
    shown = quantity(written(2.5, unit))
    assert shown.value == 2.5
    assert unit_of(shown.unit).dimensionality == unit_of_text(unit).dimensionality
    assert unit_of(factors(unit)) == unit_of(shown.unit)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12.5, "12.50 km"),
        (40, "40 km"),
        (0.001234567, "0.001235 km"),
        (3e8, "3.000 × 10^8 km"),
        (-1.5e-9, "-1.500 × 10^-9 km"),
        (123456.7, "123457 km"),
        (0, "0 km"),
    ],
)
def test_how_numbers_are_written(value, shown):
    assert written(value, "km") == shown


def test_a_unit_is_needed_where_the_question_does_not_name_it():
    task = build("stem/generated", options={"formulas": ["kinetic_energy"]})
    problems = [task.problem(Split.TRAIN, index) for index in range(40)]
    needed = [problem for problem in problems if problem.payload["unit_needed"]]
    assert 8 < len(needed) < 32
    for problem in problems:
        bare = f"\\boxed{{{problem.payload['value']:.4g}}}".replace("e+0", "e")
        named = f"Give the result in {problem.payload['unit']}." in problem.messages[0].content
        assert named is not problem.payload["unit_needed"]
        assert task.judge(problem, bare).outcome is (Outcome.SOLVED if named else Outcome.WRONG)


def test_where_an_answer_is_found_and_what_is_no_answer():
    task = build("stem/generated", options={"formulas": ["fall_speed"]})
    problem = next(p for i in range(99) if (p := task.problem(Split.TRAIN, i)).payload["unit"] == "m/s")
    answer = f"{problem.payload['value']:.4f} m/s"
    for text in (f"<answer>{answer}</answer>", f"the answer is {answer}.", f"so it is {answer}"):
        verdict = task.judge(problem, text)
        assert (verdict.outcome, verdict.score, verdict.tolerant_score) == (Outcome.UNPARSEABLE, 0.0, 1.0), text
    assert task.judge(problem, r"\boxed{fast}").outcome is Outcome.UNPARSEABLE
    assert task.judge(problem, r"\boxed{1 m/s}").outcome is Outcome.WRONG


def test_options_of_a_choice_differ_and_no_rule_of_thumb_beats_guessing():
    task = build("stem/generated_choice")
    letters, ranks = Counter(), Counter()
    for index in range(1200):
        problem = task.problem(Split.TRAIN, index)
        options = problem.payload["options"]
        assert len(set(options)) == 4
        letters[problem.payload["answer"]] += 1
        values = [quantity(option).value for option in options]
        right = values["ABCD".index(problem.payload["answer"])]
        ranks[sorted(map(abs, values)).index(abs(right))] += 1
        for other in values:
            assert other == right or abs(other / right - 1) > 0.05
    assert task.guess_rate == 0.25
    for count in (*letters.values(), *ranks.values()):
        assert abs(count / 1200 - 0.25) < 0.05, (letters, ranks)


@pytest.mark.parametrize("name", ["stem/generated", "stem/generated_choice"])
def test_splits_share_no_question_and_problems_depend_on_their_index_alone(name):
    task = build(name)
    random.seed(3)
    state = random.getstate()
    ids = {split: {task.problem(split, index).id for index in range(200)} for split in Split}
    assert random.getstate() == state
    assert sum(map(len, ids.values())) == len(set().union(*ids.values())) > 780
    again = build(name)
    assert [again.problem(Split.TEST, i).payload for i in (7, 3)] == [
        task.problem(Split.TEST, i).payload for i in (7, 3)
    ]


def test_worked_examples_and_subjects():
    task = build("stem/generated", worked_examples=2, options={"subjects": ["biology"]})
    assert set(task.kinds) == set(SUBJECTS["biology"])
    turns = task.prompt(task.problem(Split.TRAIN, 0))
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert all(task.judge(e, task.worked_solution(e)).outcome is Outcome.SOLVED for e in task.examples())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subjects": ["alchemy"]}, "unknown 'alchemy'; valid: physics, chemistry, biology"),
        ({"formulas": ["phlogiston"]}, "unknown 'phlogiston'; valid: kinetic_energy"),
        ({"tolerance": 2}, "'tolerance' is 2; use a number from 0 to 0.5"),
        ({"level": 1}, "unknown option 'level'; valid: formulas, subjects, system, tolerance"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(UserError, match=said):
        build("stem/generated", options=options)


def test_the_family_is_registered():
    assert {"stem/generated", "stem/generated_choice", "stem/gpqa", "stem/scp116k"} <= set(names())
    with pytest.raises(UserError, match="unknown task 'stem/gpqb'; did you mean stem/gpqa"):
        build("stem/gpqb")
