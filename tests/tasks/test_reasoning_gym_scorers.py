import pytest

from prorl.tasks.contract import Outcome, Split
from prorl.tasks.reasoning_gym import ReasoningGymTask
from prorl.tasks.reasoning_gym_scorers import FLOORS, FORMS, SCORERS
from prorl.tasks.reasoning_gym_sums import value


def task(name, **options):
    return ReasoningGymTask(f"reasoning_gym/{name}", options=options)


def score(made, problem, answer):
    return made.judge(problem, f"<answer>{answer}</answer>").score


def solved(made, problem):
    return made.worked_solution(problem).removeprefix("<answer>").removesuffix("</answer>")


def test_any_text_once_was_a_right_truth_value():
    halting = task("game_of_life_halting")
    problem = halting.problem(Split.TRAIN, 0)
    right = problem.payload["answer"]
    wrong = {"True": "False", "False": "True"}[right]
    scores = {answer: score(halting, problem, answer) for answer in (right, right.lower(), wrong, "junk")}
    assert scores == {right: 1.0, right.lower(): 1.0, wrong: 0.0, "junk": 0.0}


def test_more_text_after_a_right_answer_is_not_a_solution():
    backward = task("spell_backward", min_word_len=3, max_word_len=10)
    jumble = task("letter_jumble")
    for made, index in [(made, index) for made in (backward, jumble) for index in range(60)]:
        problem = made.problem(Split.TRAIN, index)
        assert score(made, problem, solved(made, problem)) == 1.0
        assert score(made, problem, solved(made, problem) + " x") <= 0.8


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("gsm_symbolic", "-{}"),
        ("gsm_symbolic", "{} or 12345"),
        ("fraction_simplification", "{} or 12345"),
        ("kakurasu", "0 or 1: {}"),
        ("survo", "maybe {}"),
        ("sokoban", "dull rule: {}"),
        ("quantum_lock", "A bad cab: {}"),
        ("simple_integration", "{} or 12345"),
        ("simple_integration", "junk + {}"),
        ("intermediate_integration", "{} or 12345"),
        ("polynomial_multiplication", "{} or 12345"),
        ("polynomial_equations", "{}, none of these"),
        ("complex_arithmetic", "nan"),
        ("countdown", "{} + 0*7"),
        ("puzzle24", "{} + 0.9"),
        ("coin_flip", "{}1"),
        ("rush_hour", "I would try {}"),
    ],
)
def test_a_right_answer_inside_something_else_is_not_a_solution(name, changed):
    made = task(name)
    for index in range(6):
        problem = made.problem(Split.TRAIN, index)
        right = solved(made, problem)
        assert score(made, problem, right) == 1.0
        if name == "coin_flip" and "." in right:
            continue  # a digit more is within the tolerance
        assert score(made, problem, changed.format(right)) < 1.0


@pytest.mark.parametrize("name", ["gcd", "count_bits", "manipulate_matrix", "largest_island", "syllogism"])
def test_a_right_answer_inside_a_longer_one_counts_in_part_and_only_as_whole_words(name):
    made = task(name)
    for index in range(5):
        problem = made.problem(Split.TRAIN, index)
        right = solved(made, problem)
        assert 0.0 < score(made, problem, f"{right} x") < 1.0
        assert score(made, problem, f"7{right}7") == score(made, problem, f"x{right}") == 0.0


def test_time_intervals_reads_the_whole_answer():
    made = task("time_intervals")
    found = [problem for index in range(40) if "days" in solved(made, problem := made.problem(Split.TRAIN, index))]
    assert found
    for problem in found:
        assert score(made, problem, solved(made, problem) + " or 12345") == 0.0


def test_24_must_be_made_of_the_numbers_given():
    made = task("puzzle24")
    problem = made.problem(Split.TRAIN, 0)
    assert problem.payload["metadata"]["numbers"] != [4, 5, 8, 8]
    assert score(made, problem, "(8 - 5)*8*4/4") == 0.0
    assert score(made, problem, "8*5 - 8*4/2") == 0.0
    assert score(made, problem, "8*5 - 8*4/1.5") == 0.0


def test_any_premise_is_a_conclusion_but_a_tautology_is_worth_nothing():
    made = task("propositional_logic")
    problem = made.problem(Split.TRAIN, 0)
    assert score(made, problem, "P ∨ ¬P") == 0.0
    assert score(made, problem, "P") == 0.0


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_nothing_is_given_for_merely_writing_something(name):
    made = task(name)
    for index in range(1 if name == "knight_swap" else 3):  # whose problems take a second each
        problem = made.problem(Split.TRAIN, index)
        scores = [score(made, problem, junk) for junk in ("junk", "[]", "{}", "I do not know.", "-777")]
        if name == "rubiks_cube":  # stickers that are in place anyhow
            scores = scores[:1]
        assert scores == [0.0] * len(scores)


PROGRAM = "__import__('pathlib').Path({path!r}).touch()"
EVALUATED = [
    "binary_matrix", "countdown", "intermediate_integration", "n_queens", "number_sorting", "polynomial_multiplication",
    "puzzle24", "simple_integration", "spiral_matrix", "string_insertion",
]  # fmt: skip


@pytest.mark.parametrize("name", EVALUATED)
def test_answers_are_never_run(name, tmp_path):
    made = task(name)
    problem = made.problem(Split.TRAIN, 0)
    program = PROGRAM.format(path=str(tmp_path / "ran"))
    for answer in (program, f"[{program}]", f"({program}, 1)", f"x + {program}", f"[[{program}]]"):
        verdict = made.judge(problem, f"<answer>{answer}</answer>")
        assert verdict.outcome in (Outcome.WRONG, Outcome.UNPARSEABLE)
    assert list(tmp_path.iterdir()) == []


def test_a_form_is_read_in_linear_time():
    for name, form in FORMS.items():
        for text in ("1" * 50_000 + "!", "(" * 50_000 + "!", "x " * 50_000 + "!", "1, " * 50_000 + "!", " " * 50_000):
            assert form.fullmatch(text.strip()) is None or text.strip() == "", name


@pytest.mark.parametrize(("text", "expected"), [("2*(3 + 4)", 14), ("-8/(3 - 8/3)", -24), ("7/2", 3.5), ("1 +\n 2", 3)])
def test_sums_have_their_exact_value(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize("text", ["2**3", "abs(-3)", "x", "1.5", "", "2 //3", "True", "'a'", "[1]"])
def test_what_is_not_a_sum_has_no_value(text):
    with pytest.raises((ValueError, SyntaxError)):
        value(text)


def test_everything_that_is_mended_exists():
    from prorl.tasks.reasoning_gym import names

    assert {f"reasoning_gym/{name}" for name in {*FORMS, *FLOORS, *SCORERS}} <= set(names())
