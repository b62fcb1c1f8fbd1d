"""Answers that mean no good, in the real pool: none is solved, none comes near its deadline."""

import time

import pytest

from prorl.tasks.contract import Outcome, Split
from prorl.tasks.registry import build
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

DEADLINE = 3.0
GRACE = 0.5

QUANTITIES = {
    "a power that never ends": "9**9**9**9 J",
    "a tower": "9^{9^{9^9}} J",
    "a unit to a large power": "5 J^{999999999}",
    "a large exponent": "1e999999999 J",
    "many digits": "9" * 150_000 + " J",
    "many units": "5 " + "J s " * 30_000,
    "deep brackets": "5 " + "(" * 50_000 + "J" + ")" * 50_000,
    "deep text": "5 " + r"\text{" * 5_000 + "J" + "}" * 5_000,
    "code": "5 __import__('os').system('sleep 9')",
    "a definition": "5 J = 3 W",
    "a NUL byte": "5 J\x00",
    "right to left": "\u202e5 J",
    "candidates": "1 J, 10 J, 100 J, 1000 J",
    "a range": "0-100000 J",
    "an error bar that covers all": r"500 \pm 500 kJ",
    "infinity": "inf J",
    "not a number": "nan J",
    "every energy": "any number of J",
    "no unit": "5",
    "an empty unit": r"5 \text{}",
    "many sides": "x" + " = 5 J" * 150,
    "many names": "_{a}" * 200 + "1 = 5 J",
    "a name that never ends": "a_ " * 300 + "= 5 J",
    "a formula that never ends": "x = " + "5," * 450 + " = 5 J",
    "nested fractions": "5 " + r"\frac{" * 150,
    "decibels": "1e300 dB J",
    "degrees of an energy": "5 J °C/K",
}
LETTERS = {
    "all letters": "ABCD",
    "a list of letters": "A, B, C, D",
    "a pattern": "[A-D]",
    "a wildcard": ".",
    "150,000 letters": "A" * 150_000,
    "a letter of another script": "А",
    "any": "any of A) to D)",
    "a NUL byte": "A\x00",
    "spaces": "A" + " " * 150_000 + "B",
    "dollars": "$" * 150_000,
    "asterisks": "*" * 150_001,
    "deep text": r"\text{" * 30_000 + "A",
    "open braces": r"\text{" + "{}" * 60_000 + "A",
    "brackets": "A" + "(" * 150_000,
    "signs": "A " + "- " * 70_000,
}


@pytest.fixture(scope="module")
def pool():
    tasks = [build("stem/generated", options={"formulas": ["kinetic_energy"]}), build("stem/generated_choice")]
    with WorkerPool(Suite(tasks).judge, workers=1, deadline=DEADLINE) as running:
        yield running


@pytest.mark.parametrize(
    ("task", "name"), [*(("stem/generated", n) for n in QUANTITIES), *(("stem/generated_choice", n) for n in LETTERS)]
)
def test_no_hostile_answer_is_solved_or_takes_long(pool, task, name):
    built = build(task, options={"formulas": ["kinetic_energy"]})
    problem = next(p for i in range(99) if (p := built.problem(Split.TRAIN, i)).payload.get("unit_needed", True))
    for text in (f"\\boxed{{{(QUANTITIES | LETTERS)[name]}}}", (QUANTITIES | LETTERS)[name]):
        begin = time.monotonic()
        verdict = pool.submit(problem, text).result()
        assert verdict.outcome in (Outcome.WRONG, Outcome.UNPARSEABLE), verdict
        assert (verdict.score, time.monotonic() - begin < DEADLINE + GRACE) == (0.0, True)
    assert pool.submit(problem, built.worked_solution(problem)).result().outcome is Outcome.SOLVED
    assert (pool.counts.errors, pool.counts.timeouts) == (0, 0)
