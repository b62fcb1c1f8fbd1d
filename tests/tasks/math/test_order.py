"""Where a question asks for an order, another order is another answer."""

import pytest

from prorl.tasks.contract import Message, Outcome, Problem
from prorl.tasks.math import judging

ASKED = [
    r"Arrange $\frac34, \frac23, \frac56$ from least to greatest, separated by commas.",
    "The numbers are $a$, $b$, $c$. What are they from the smallest to the largest?",
    "Find all solutions. Express them in increasing order.",
    "Find all solutions and list them in ascending order",
    "Separate your answers using commas and express them in decreasing order.",
    "Answer by listing your choices in alphabetical order, separated by commas.",
    "What are the three numbers in the diagonal, in order?",
    "Order the triangles by area, smallest first.",
    "Write out the first three terms of the sequence $a_n = 2^n$.",
    "What are the next three terms of it?",
]
NOT_ASKED = [
    "Find all solutions, separated by commas.",
    "What must be added in order to get 5?",
    "What are all values, in order that they fit?",
    "The list $3n^2, m^2, 7$ has three integers in increasing order. Determine all possible values of $m$.",
    "What are all possible values of the sum of its first three terms?",
    "If they are in increasing order, which numbers may they be?",
    "Which numbers are there if they are in increasing order?",
    "Find all such numbers. (For example, $3, 6, 12$ are the first three terms of a sequence.)",
    "Sequence A begins with 2. The first three terms of sequence B are 5, 15, 25. Determine all $n$ that fit.",
]


def solved(gold, answer, question="What is it?"):
    verdict = judging.judge(Problem.of("math/x", [Message("user", question)], {"answer": gold}), f"\\boxed{{{answer}}}")
    return verdict.outcome is Outcome.SOLVED


@pytest.mark.parametrize("question", ASKED)
def test_another_order_is_wrong_where_one_is_asked_for(question):
    assert solved("2/3, 3/4, 5/6", r"\frac23, \frac34, \frac56", question)
    assert solved("2/3, 3/4, 5/6", r"\frac23, \frac34 \text{ and } \frac56", question)
    assert not solved("2/3, 3/4, 5/6", r"\frac34, \frac23, \frac56", question)
    assert not solved("2/3, 3/4, 5/6", r"\frac23, \frac34", question)
    assert not solved("B, A, C", "A, B, C", question)
    assert solved("1, 1, 2", "1, 1, 2", question)
    assert not solved("1, 1, 2", "1, 2, 2", question)
    assert solved("a=1, b=2", "b=2, a=1", question), "names say which is which"


@pytest.mark.parametrize("question", NOT_ASKED)
def test_any_order_is_right_elsewhere(question):
    assert solved("2/3, 3/4, 5/6", r"\frac34, \frac23, \frac56", question)
    assert solved(r"\{1, 2, 3\}", "3, 1, 2", question)


def test_capital_letters_in_a_row_are_a_word_and_two_are_a_segment():
    assert solved("BAC", "BAC")
    assert not solved("BAC", "ABC")
    assert not solved("BAC", "CAB")
    assert not solved(r"\angle BAC", r"\angle ABC")
    assert solved(r"\angle BAC", r"\angle CAB")
    assert not solved("BAC", "B A C C")
    assert solved("BAC", "B A C")
    assert solved("AB", "BA")
    assert solved(r"AB \text{ cm}", "BA")
    assert not solved("AB", "BA", "Write the letters A and B in order of size.")
    assert not solved("AB", "AC")
    assert solved("2AB", "2BA")
