"""Arithmetic in a completion: what is wrong is found, what is right is not doubted, what is neither is passed over."""

from __future__ import annotations

import random
import re
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.tasks.arithmetic import NotArithmetic, value
from prorl.tasks.contract import Split
from prorl.tasks.registry import build
from prorl.tasks.steps import equations_hold

HOLD = (
    "3 + 4 = 7", "So 3 \\cdot 4 = 12 = 10 + 2.", "x = 3 + 4 = 7", "1. 3 + 4 = 7", "- 3 + 4 = 7", "- 3 + 4 = 1",
    "It is $\\frac{7 \\cdot (7 + (-11))}{2} = -14$.", "1/3 = 0.333", "1,234 + 1 = 1,235 apples", "2^10 = 2^{5} * 32",
    "5 - 2 = 3, and 3 × 2 = 6", "<answer>3 + 4 = 7</answer>", "12 / 4 = 3 full groups", "17 / 5 = 3.4 left",
    "(3 + 4) * 2 = 14\n= 14 + 0", "6 ÷ 4 = 1.5", "-2^2 = -4",
)  # fmt: skip
FAIL = (
    "3 + 4 = 8", "So 3 \\cdot 4 = 12 = 10 + 3.", "x = 3 + 4 = 8", "a) 3 + 4 = 8", "- 3 + 4 = 2", "2 + 2 = 4 = 5",
    "It is $\\frac{7 \\cdot 4}{2} = 15$.", "1/3 = 0.334", "3 + 4 = 7, then 7 * 2 = 15.", "<answer>3 + 4 = 8</answer>",
    "3 + 4 = 7\nI add 1: 7 + 1 = 9", "10 - 3 = 8 apples left", "17 / 5 = 3. The rest is easy.", "17 / 5 = 3 or so",
    "17 / 5 = 3 remainder 2\n3 + 2 = 6",
)  # fmt: skip
NEITHER = (
    "", "The answer is 7.", "x = 7", "2x + 3 = 7", "y - 3 = 4", "f(2) + 1 = 4", "10 mod 3 + 1 = 2", "gcd(3, 4) = 1",
    "gcd of 4 and 6 + 2 = 2", "20% of 50 + 1 = 11", "3 + 4 = 7x", "3 + 4 = 7 m", "1 = 2", "3! + 1 = 7",
    "1011_2 + 1 = 12", "= = =", "1 / 0 = 3", "3 + = 4", "a == b", "3 + 4 >= 7", "3 + 4 != 8", "3 + 4 ≠ 8",
    "17 / 5 = 3 remainder 2", "48 / 18 = 2 with remainder 12.", "7 / 2 = 3 full groups and 1 left", "6÷5 = 1, rest 1",
    "$\\frac{17}{5} = 3$ with 2 left over", "17 / 5 = 3 (rounded down)", "17 / 5 = 3 whole boxes", "7 / 2 = 3 Rest 1",
    "2 * 1.26 = 3 rounded up",
)  # fmt: skip


@pytest.mark.parametrize("text", HOLD)
def test_what_holds(text: str) -> None:
    assert equations_hold(text) is True


@pytest.mark.parametrize("text", FAIL)
def test_what_fails(text: str) -> None:
    assert equations_hold(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_what_can_not_be_told(text: str) -> None:
    assert equations_hold(text) is None


HOSTILE = (
    "9^9^9^9 = 3", "(" * 5000 + "1" + ")" * 5000 + " = 1", "1 + 1 = " * 20_000, "=" * 100_000, "7" * 100_000 + "+1=2",
    "\\frac{" * 20_000, "a " * 50_000 + "= 3", "1.1." * 25_000 + "=", "-" * 100_000 + "1 = 1", "^{" * 50_000,
    "1," * 50_000, " " * 100_000 + "= 1", "= 1" + " " * 100_000 + "x",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    begun = time.process_time()
    equations_hold(text)
    assert time.process_time() - begun < 5


def test_no_worked_solution_is_doubted_and_one_with_a_wrong_number_is_caught() -> None:
    """Whatever number of an equation is changed, some equation no longer holds."""
    rng, checked, caught = random.Random(0), 0, 0
    for level in range(1, 6):
        task = build("math/generated", options={"level": level})
        for index in range(250):
            problem = task.problem(Split.TRAIN, index)
            solution = task.worked_solution(problem)
            holds = task.check_steps(problem, solution)
            assert holds is not False, solution
            ends = [found.start(1) for found in re.finditer(r"\\cdot [-\d(){}^ ]*= (\d)\d*\$", solution)]
            if holds and ends:
                at = rng.choice(ends)
                wrong = solution[:at] + str((int(solution[at]) + rng.randint(1, 8)) % 9 + 1) + solution[at + 1 :]
                if wrong != solution:
                    checked += 1
                    caught += task.check_steps(problem, wrong) is False
    assert checked >= 150
    assert caught == checked


def test_which_logic_tasks_can_be_checked() -> None:
    for name, verdict in (("chain_sum", False), ("bitwise_arithmetic", None)):
        task = build(f"reasoning_gym/{name}")
        assert task.check_steps(task.problem(Split.TRAIN, 0), "3 + 4 = 8\n<answer>8</answer>") is verdict
    variant = build("reasoning_gym/chain_sum@easy")
    assert variant.check_steps(variant.problem(Split.TRAIN, 0), "3 + 4 = 8") is False


sums = st.recursive(
    st.integers(0, 99).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
    ),
    max_leaves=12,
)


@given(sums)
def test_values_are_those_that_python_works_out(text: str) -> None:
    exact = re.sub(r"\d+", r"Fraction(\g<0>)", text)
    try:
        wanted = eval(exact, {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(NotArithmetic, match="division by zero"):
            value(text)
    else:
        assert value(text) == wanted


@pytest.mark.parametrize("text", ["", "3 4", "3 +", "(3", "3)", "1.2.3", "x", "2^0.5", "0^-1", "2^100000", "9" * 2000])
def test_what_is_no_arithmetic(text: str) -> None:
    with pytest.raises(NotArithmetic):
        value(text)
