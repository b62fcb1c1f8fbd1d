"""Whether an answer is worked out: sums and products that are left as they stand, and steps that lead to an answer."""

import time

import pytest

from prorl.tasks.contract import Message, Outcome, Problem
from prorl.tasks.math.finished import finished
from prorl.tasks.math.generated import GeneratedMathTask
from prorl.tasks.math.library import equivalent
from prorl.tasks.math.parse import parsed
from prorl.tasks.math.same import same

TASK = GeneratedMathTask("math/generated", {}, 0)

FINISHED = [
    ("3.46410162", r"2\sqrt{3}"),
    ("2.41421356", r"1+\sqrt{2}"),
    (r"2\sqrt{3}+2", r"2(\sqrt{3}+1)"),
    (r"\sqrt{3+2\sqrt{2}}", r"\sqrt{2\sqrt{2}+3}"),
    (r"\frac{1+\sqrt{2}}{1-\sqrt{3}}", r"\frac{\sqrt{2}+1}{1-\sqrt{3}}"),
    ("2^{100}-1", "-1+2^{100}"),
    ("2^{100}", r"4 \cdot 2^{98}"),
    (r"\binom{10}{3}", r"\frac{10!}{3!7!}"),
    (r"\frac{3\sqrt{3}}{2}", r"3 \cdot \frac{\sqrt{3}}{2}"),
    (r"\frac{3\sqrt{3}}{2}", r"\frac{3}{2} \cdot \sqrt{3}"),
    ("-71", "P(-4) = -71"),
]
"""Pairs that are the same either way."""

LEFT_TO_WORK_OUT = [
    ("5", "5 + 0i"),
    ("5", "0!+4"),
    ("5", "e - e + 5"),
    ("17/15", r"\frac{4}{5}+\frac{1}{3}"),
    ("-300", r"\frac{12}{2}(2(-3) + (12-1)(-7-(-3)))"),
    ("6/7", r"x = \frac{4 - (-2)}{2 - (-5)}"),
    ("8", r"4 \cdot (3) - (2) \cdot (2)"),
    ("72", r"2 \cdot 3^3 + 2 \cdot 3^2"),
    ("2/3", r"\frac{1}{1--\frac{1}{2}}"),
    ("180", r"200 \cdot 0.9"),
    ("180", r"200 \times 0.9"),
    ("180", "200*0.9"),
    ("180", "200(0.9)"),
    ("180", "(200)(0.9)"),
    ("200", "2^3 5^2"),
    ("200", "2^{3}5^{2}"),
    ("1/6", r"\frac{1}{2} \div 3"),
    ("1/6", r"\frac{\frac{1}{2}}{3}"),
    ("5", "(2+i)(2-i)"),
    ("123.45", r"12.345 \cdot 10"),
    ("-11+7i", "(1 + 4i)(1 + 3i)"),
    ("-11+7i", r"(1 + 3i) \cdot (1 + 4i)"),
    ("-11+7i", "(1 + 3i) * (1 + 4i)"),
    ("-11+7i", r"\left(1 + 3i\right)\left(1 + 4i\right)"),
    ("-11+7i", "1 - 12 + 7i"),
    ("-11+7i", "1 + 7i + 12i^2"),
    (r"-\frac{192}{169} - \frac{89}{169}i", "(-12 + 11i)/(5 - 12i)"),
    (r"-\frac{192}{169} - \frac{89}{169}i", r"\frac{11i - 12}{5 - 12i}"),
    (r"-\frac{192}{169} - \frac{89}{169}i", r"\frac{(-12 + 11i)(5 + 12i)}{169}"),
    (r"\sqrt{73}", r"\sqrt{(5-(-3))^2+(-2-(-5))^2}"),
    (r"\sqrt{85}", r"\sqrt{2^2+9^2}"),
    (r"\sqrt{85}", "(4+81)^{1/2}"),
    (r"16\pi", r"\frac{90}{360} \cdot \pi \cdot 8^2"),
    (r"6\sqrt{2}", r"\frac{1}{2} \cdot 12\sqrt{2}"),
    (r"6\sqrt{2}", r"\sqrt{36 \cdot 2}"),
    ("6i", r"2 \cdot 3i"),
    (r"7\sqrt{2}", r"3\sqrt{2}(1 + 3 - 2) + \sqrt{2}"),
]
"""The right answer, and what comes to it."""

STEPS = [
    ("5", "2 + 3 = 5"),
    ("5", "S = 2 + 3 = 5"),
    ("294", "S = 2 + 292 = 294"),
    ("14/3", r"\frac{7}{2} + \frac{7}{6}=\frac{14}{3}"),
    ("-90", r"\frac{12}{2}(2(-3) + (12-1)(-7-(-3)) \cdot \frac{9}{44}) = -90"),
    ("7/3", "7/3 = 2.3333"),
    ("-11+7i", "(1+4i)(1+3i) = -11+7i"),
    (r"\sqrt{85}", r"\sqrt{2^2+9^2} = \sqrt{85}"),
    ("5", r"\sqrt{9+16} = 5"),
]
"""The right answer, and steps of which the last is it."""

WRONG_STEPS = [
    ("5", "5 = 2 + 3"),
    ("5", "2 + 4 = 5"),
    ("5", "2 + 3 = 6"),
    ("5", "4 = 2 + 3 = 5"),
    ("5", r"\sqrt{16} = 5"),
    (r"\sqrt{85}", r"\sqrt{2^2+9^2} = \sqrt{86}"),
]


def equal(gold, answer):
    return same(parsed(gold), parsed(answer), equivalent)


@pytest.mark.parametrize(("one", "other"), FINISHED)
def test_what_is_worked_out_is_the_same_either_way(one, other):
    assert equal(one, other)
    assert equal(other, one)


@pytest.mark.parametrize(("gold", "answer"), LEFT_TO_WORK_OUT)
def test_what_is_left_to_work_out_is_no_answer(gold, answer):
    assert not equal(gold, answer)
    assert equivalent(gold, answer) or "x" in answer


@pytest.mark.parametrize(("gold", "answer"), STEPS)
def test_steps_that_hold_and_end_in_the_answer_are_right(gold, answer):
    assert equal(gold, answer)


@pytest.mark.parametrize(("gold", "answer"), WRONG_STEPS)
def test_steps_that_do_not_hold_or_end_elsewhere_are_wrong(gold, answer):
    assert not equal(gold, answer)


def test_what_is_worked_out_step_by_step_is_an_answer_and_the_question_in_other_signs_is_none():
    asked = Message("user", "Write $(1 + 4i)(1 + 3i)$ in the form $a+bi$.")
    product = Problem.of(TASK.name, [asked], {"answer": "-11 + 7i"})
    for right in ("(1 + 4i)(1 + 3i) = -11 + 7i", "z = 1 + 3i + 4i - 12 = -11 + 7i", "7i - 11"):
        assert TASK.judge(product, f"\\boxed{{{right}}}").outcome is Outcome.SOLVED, right
    for wrong in (r"(1 + 3i) \cdot (1 + 4i)", "(1 + 3i)*(1 + 4i)", "-11 + 7i = (1 + 4i)(1 + 3i)", "z = 2i = -11+7i"):
        assert TASK.judge(product, f"\\boxed{{{wrong}}}").outcome is Outcome.WRONG, wrong


def test_what_was_asked_about_may_stand_after_the_number():
    asked = Message("user", "Of 2 million gold coins and $2 xyz$ pennies, how many coins are left?")
    coins = Problem.of(TASK.name, [asked], {"answer": "6"})
    for right in ("6 coins", r"6\text{ coins}", "6 Coins.", r"\frac{12}{2} gold coins", "x = 6 coins", "6 pennies"):
        assert TASK.judge(coins, f"\\boxed{{{right}}}").outcome is Outcome.SOLVED, right
    for wrong in (
        "7 coins",
        "6 or 7 coins",
        "6 xyz",
        "6 sheep",
        "3 + 3 coins",
        "6 coins or 7 coins",
        "6 coins 7",
        "coins",
        "6 million coins",
        "6 million",
    ):
        assert TASK.judge(coins, f"\\boxed{{{wrong}}}").outcome is Outcome.WRONG, wrong


@pytest.mark.parametrize(("opening", "closing"), [("(1+", ")"), (r"\sqrt{2+", "}"), ("(", ")"), (r"\frac{1}{2+", "}")])
def test_whether_a_number_is_worked_out_is_told_in_no_time(opening, closing):
    for pieces in (1, 10, 20, 300 // len(opening + closing)):
        nested = opening * pieces + "3" + closing * pieces
        begin = time.process_time()
        finished(nested, r"\sqrt{2}", False)
        finished(nested, "7", True)
        assert time.process_time() - begin < 0.2
