"""What may stand after a number: a unit, what was counted, or a word that makes another number of it."""

import pytest

from prorl.tasks.contract import Message, Outcome, Problem
from prorl.tasks.math import judging

QUESTION = (
    "Of the 20 million apples, not all of which are red, or six over seven baskets in $\\text{crates}$ of $xyz$, "
    "she eats a third plus one. How many does the wrong student eat, and is it five? Compute base two."
)

MULTIPLIED = [
    ("5000000", r"5\text{ million}"),
    ("5000000", "5 million"),
    ("5000000", r"5\text{ million dollars}"),
    ("5000000", "5 million apples"),
    ("5000000", r"\$5 \text{ million}"),
    ("2500", r"2.5\text{ thousand}"),
    ("500000", r"5\text{ hundred thousand}"),
    ("3000000000", r"\frac{6}{2}\text{ billion}"),
    ("24", r"2\text{ dozen}"),
    ("24", "2 dozen apples"),
    (r"6\text{ million}", "6000000"),
    (r"6\text{ million}", "6 million"),
    ("0.5", r"50\text{ percent}"),
    ("50%", "50 percent"),
    ("50%", r"50\text{ percent of the apples}"),
]
COUNTED = [
    r"5\text{ apples}",
    r"5\text{ red apples}",
    r"5\text{ Apples.}",
    r"5\text{ students}",
    r"5\text{ crates}",
    r"5\text{ baskets of apples}",
    r"5\text{ ways}",
    r"5\text{ solutions}",
    r"5\text{ ordered pairs}",
    r"5\text{ cm}",
    r"5\text{ square units}",
    r"5\text{ sq. units}",
    r"5\text{ cm squared}",
    r"5\text{ miles per hour}",
    r"5\mathrm{~m/s}",
    r"5\text{ acres}",
    "5 apples",
    "5 cm",
]
"""Answers to 5."""

ANOTHER = [
    *(r"5\text{ million}", r"5\text{ thousand}", r"5\text{ million dollars}", r"5\text{ million apples}", "5 thousand"),
    *(r"5\text{ dozen apples}", r"5\text{ squared}", r"5\text{ factorial}", r"5\text{ thirds}", r"5\text{ third}"),
    *(r"5\text{ plus one}", "5 plus one", r"5\text{ over seven}", "5 over seven", r"5\text{ base seven}"),
    *(r"5\text{ base two}", r"5\text{ is wrong}", r"5\text{ or six}", r"5\text{ not}", r"5\text{ is it}"),
    *(r"5\text{ oranges}", r"5\text{ pi}", r"5\text{ sqrt}", "5 xyz", r"5\text{ xyz}", r"5\text{ apples plus one}"),
    *(r"\{5\text{ is wrong}\}", r"x = 5\text{ is wrong}", r"5\text{ hundredths}"),
]
"""What is no answer to 5."""


def solved(gold, answer, question=QUESTION):
    verdict = judging.judge(Problem.of("math/x", [Message("user", question)], {"answer": gold}), f"\\boxed{{{answer}}}")
    return verdict.outcome is Outcome.SOLVED


@pytest.mark.parametrize(("gold", "answer"), MULTIPLIED)
def test_words_that_multiply_do(gold, answer):
    assert solved(gold, answer)


@pytest.mark.parametrize(
    "answer", [r"1,234\text{ apples}", "1,234 apples", r"x = 1,234", r"x = 1,234\text{ apples}", r"2 \cdot 617 = 1,234"]
)
def test_a_comma_between_thousands_ends_nothing(answer):
    assert solved("1234", answer)
    assert not solved("1, 234", answer)


@pytest.mark.parametrize("answer", COUNTED)
def test_units_and_what_the_question_speaks_of_may_follow(answer):
    assert solved("5", answer)


def test_a_sign_of_money_begins_no_formula():
    assert solved("5", r"5\text{ apples}", r"For \$7 there are 3 apples and for \$9 some more. How many?")


@pytest.mark.parametrize("answer", ANOTHER)
def test_other_words_may_not(answer):
    assert not solved("5", answer)
    assert solved(answer, answer), "the right answer itself is trusted"


@pytest.mark.parametrize("gold", [r"5\text{ squared}", r"5\text{ halves}", "5 thirds", r"5\text{ million}"])
def test_the_number_before_such_a_word_is_not_the_right_answer(gold):
    assert solved(gold, gold)
    assert not solved(gold, "5")


@pytest.mark.parametrize(
    ("question", "answer", "right"),
    [
        ("How many million tons are used?", r"2.2\text{ million tons}", True),
        ("How many million tons are used?", "2.2 million", True),
        ("How many million tons are used?", r"2.2\text{ thousand tons}", False),
        ("By how many tons, in millions, does it rise?", r"2.2\text{ million}", True),
        ("How many of the 7 million tons are used?", r"2.2\text{ million tons}", False),
        ("How many tons are used?", "2.2 million", False),
    ],
)
def test_a_question_in_millions_may_be_answered_in_millions(question, answer, right):
    assert solved("2.2", answer, question) is right
    assert solved("2200", "2.2 thousand", question)


@pytest.mark.parametrize(
    ("question", "answer", "right"),
    [
        ("How many of the coins are quarters, if there are 7 dimes?", r"5\text{ quarters}", True),
        ("Three quarters of a pie are left. How many pies is that?", r"5\text{ quarters}", False),
        ("How many quarters are in it?", "5 quarters", True),
        ("How many sixth graders are there?", r"5\text{ sixth graders}", True),
        ("A sixth of the graders leave. How many stay?", r"5\text{ sixth graders}", False),
        ("How many graders are in the sixth?", r"5\text{ sixth}", False),
        ("How many two-digit numbers are there?", r"5\text{ two-digit numbers}", True),
        ("How many two-digit numbers are there?", r"5\text{ two}", False),
        ("What is half of that, in seconds, plus two digits?", r"5\text{ plus two-digit}", False),
    ],
)
def test_words_for_numbers_may_be_what_is_counted(question, answer, right):
    assert solved("5", answer, question) is right
    assert solved(answer, answer, question)


@pytest.mark.parametrize(
    ("said", "tolerant"), [("5 apples", 1.0), ("5 million", 0.0), ("5 dozen apples", 0.0), ("5, and that is it", 1.0)]
)
def test_what_is_said_without_a_box_is_no_other_number(said, tolerant):
    problem = Problem.of("math/x", [Message("user", QUESTION)], {"answer": "5"})
    assert judging.judge(problem, f"The answer is {said}.").tolerant_score == tolerant


def test_an_expression_or_a_choice_with_other_words_is_another_answer():
    assert solved(r"4\pi", r"4\pi\text{ cm}^2")
    assert not solved(r"4\pi", r"4\pi\text{ million}")
    assert not solved("x", r"x\text{ squared}")
    assert not solved(r"\text{(C)}", r"C\text{ is wrong}")
    assert not solved(r"5\text{ cm}", r"5\text{ apples}")
    assert not solved("1, 2", r"1, 2\text{ thousand}")
    assert not solved("5", r"5\text{ is wrong} = 5")
    assert solved("y = 2x + 3", "2x - y + 3 = 0")
    assert not solved("y = 2x + 3", r"2x - y + 3 = 0\text{ is wrong}")
