"""Several boxes that together hold one answer. The last box counts where they are not joined."""

import time

import pytest

from prorl.tasks.contract import Message, Outcome, Problem
from prorl.tasks.math import judging
from prorl.tasks.math.boxes import joined


def outcome(gold, text, question="What is it?"):
    return judging.judge(Problem.of("math/x", [Message("user", question)], {"answer": gold}), text).outcome


def test_what_joined_boxes_hold():
    assert joined("7") == []
    assert joined(r"\boxed{7") == []
    assert joined(r"\boxed{1}, so \fbox{ \boxed {7} }") == ["7"]
    assert joined(r"$x_1 = \boxed{1}$, $x_2=\boxed{\frac{1}{2}}$; and \boxed{3}") == [
        "x_1 = 1",
        r"x_2 = \frac{1}{2}",
        "3",
    ]
    assert joined(r"x = \boxed{7}") == ["7"]
    assert joined(r"\boxed{1} or " + " " * 60 + r"\boxed{7}") == ["7"]


@pytest.mark.parametrize(
    ("gold", "text", "right"),
    [
        ("-2, -3", r"$x = \boxed{-2}$ or $x = \boxed{-3}$.", True),
        ("-2, -3", r"$\boxed{-2}$ and $\boxed{-3}$", True),
        ("-2, -3", r"\(\boxed{-2}\), \(\boxed{-3}\)", True),
        ("1, 2, 3", r"$\boxed{1}, \boxed{2}, \text{ and } \boxed{3}$", True),
        ("-2, -3", r"$\boxed{-2}$, so $\boxed{-3}$", False),
        ("-2, -3", r"\boxed{1}. It is $\boxed{-2}$ or $\boxed{-3}$", True),
        ("(2, 1)", r"$x = \boxed{2}$ and $y = \boxed{1}$", True),
        ("(2, 1)", r"$x = \boxed{1}$ and $y = \boxed{2}$", False),
        ("-3", r"$\boxed{-2}$ or $\boxed{-3}$", False),
        ("-3", r"\boxed{-2} no, \boxed{-3}", True),
        ("-3", r"\boxed{-2}\boxed{-3}", True),
        ("-3", r"\boxed{-3}, and \boxed{-3}", True),
        ("11+x", r"$\boxed{x+11}$ or $\boxed{11+x}$", True),
        ("11+x", r"$\boxed{x+11}$ or $\boxed{12+x}$", False),
        ("-3", r"\boxed{-3}, \boxed{}", True),
        ("-3", r"\boxed{}", False),
        (r"\frac{1}{2}, 1", r"$\boxed{\frac{1}{2}}$ or $\boxed{1}$", True),
        ("-2", r"\boxed{\boxed{-2}}", True),
    ],
)
def test_boxes_joined_by_and_or_or_a_comma_are_one_list(gold, text, right):
    assert (outcome(gold, text, "Solve for $x$ and $y$.") is Outcome.SOLVED) is right


@pytest.mark.parametrize(
    "piece", [r"\boxed{1},", r"\boxed{1} or ", r"x=\boxed{1},", r"\boxed{", r"\boxed{1}$$$ ", "x_1=\\boxed{1}$, "]
)
def test_joined_boxes_are_found_in_no_time(piece):
    begin = time.process_time()
    assert outcome("7", piece * (150_000 // len(piece))) is not Outcome.SOLVED
    assert time.process_time() - begin < 1.0
