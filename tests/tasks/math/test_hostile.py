"""Answers that mean no good, in the real pool: none is solved, none outlives its deadline, the next one is judged."""

import time

import pytest

from prorl.tasks.contract import Message, Outcome, Problem
from prorl.tasks.math.generated import GeneratedMathTask
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

DEADLINE = 2.0
GRACE = 0.5
TASK = GeneratedMathTask("math/generated", {}, 0)

TERMS = "+".join(f"\\frac{{1}}{{{n}}}" for n in range(1, 3001))
BOXED = {
    "a tower of powers": "9^{9^{9^9}}",
    "a tower in brackets": "((9^9)^9)^9",
    "a large factorial": "99999999999!",
    "a factorial of a factorial": "(9!)!",
    "a large binomial": r"\binom{10000000}{5000000}",
    "3,000 terms": TERMS,
    "3,000 ones": "+".join("1" * 3000),
    "1 MB of digits": "7" * 1_000_000,
    "150,000 digits": "7" * 150_000,
    "deep roots": r"\sqrt{" * 3000 + "49" + "}" * 3000,
    "deep brackets": "(" * 5000 + "7" + ")" * 5000,
    "deep fractions": r"\frac{7}{" * 200 + "1" + "}" * 200,
    "unbalanced braces": "{7",
    "an open fraction": r"\frac{7}{",
    "a NUL byte": "7\x00",
    "right to left": "\u202e7",
    "zero width": "7\u200b\u200d",
    "a lone surrogate": "7\ud800",
    "digits of another script": "٧",
    "a list of candidates": "1, 2, 3, 4, 5, 6, 7, 8",
    "a set of candidates": r"\{5, 6, 7, 8\}",
    "candidates with or": r"6 \text{ or } 7",
    "a list with semicolons": "5; 6; 7",
    "every number": r"\mathbb{R}",
    "every number in words": r"\text{all real numbers}",
    "every whole number": r"n \in \mathbb{Z}",
    "an interval": r"(-\infty, \infty)",
    "a tautology": "x = x",
    "a chain of lies": "1 = 2 = 7",
    "plus or minus": r"\pm 7",
    "a wildcard": ".*",
    "an assignment in Python": "__import__('os').system('sleep 9')",
    "LaTeX that defines": r"\def\x{\x\x}\x",
    "LaTeX that reads": r"\input{/etc/passwd}",
    "an integral to work out": r"\int_0^7 1 \, dx",
    "a sum to work out": r"\sum_{k=1}^{7} 1",
    "a long sum to work out": r"\sum_{k=1}^{10^{12}} \frac{7}{k^2}",
    "a determinant": r"\det\begin{pmatrix}7&0\\0&1\end{pmatrix}",
    "the question": "3 + 4",
    "another number in words": r"7\text{ million}",
    "a number that is denied": r"7\text{ is wrong}",
    "a rounding of nothing": r"7\approx" * 100,
    "a rounding of many roots": r"\sqrt{999999999999}^{9}" * 40 + r"\approx 7",
    "a rounding of a tower": r"9^{9^{9^{9}}} \approx 7",
    "deep powers of brackets": "(" * 40 + "9" + "^9)" * 40 + r"\approx 7",
    "inequalities without end": "x<7 or " * 130 + "x>7",
    "a matrix of matrices": r"7\begin{pmatrix}" * 50 + "1" + r"\end{pmatrix}" * 50,
    "signs in the air": "7" + "⁹" * 900,
    "nothing": "",
    "infinity": r"\infty",
    "not a number": r"\text{nan}",
}
OTHERWISE = {
    "two boxes": r"\boxed{6} or \boxed{7}",
    "joined boxes": "".join(f"\\boxed{{{n}}}, " for n in range(8)),
    "joined boxes without end": r"x_1 = \boxed{7} or " * 8_000 + r"\boxed{8}",
    "200 boxes": "".join(f"\\boxed{{{n}}}" for n in range(200)),
    "a box that is never closed": r"\boxed{7",
    "100,000 openings": r"\boxed{" * 20_000,
    "150,000 dollars": "$" * 150_000 + "7",
    "long lines of answers": "the answer is " * 10_000,
    "tags without end": "<answer>" * 20_000,
}
HARD = {
    "a slow equivalence": (r"\sin^{9}(x)\cos^{9}(x)", r"\sin^{5}(x)\cos^{7}(x)\tan^{4}(x)+\sin^{9}(x)\cos^{8}(x)"),
    "a large expansion": ("(x+1)^{400}", "(x+2)^{399}(x+1)"),
}
"""The right answer, and one that takes long to compare with it."""


def problem(answer):
    return Problem.of(TASK.name, [Message("user", "What is $3 + 4$?")], {"answer": answer})


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(Suite([TASK]).judge, workers=1, deadline=DEADLINE) as running:
        yield running


@pytest.mark.parametrize("name", [*BOXED, *OTHERWISE, *HARD])
def test_no_hostile_answer_is_solved_or_outlives_its_deadline(pool, name):
    gold, text = "7", OTHERWISE.get(name, f"\\boxed{{{BOXED.get(name)}}}")
    if name in HARD:
        gold, text = HARD[name][0], f"\\boxed{{{HARD[name][1]}}}"
    begin = time.monotonic()
    verdict = pool.submit(problem(gold), text).result()
    took = time.monotonic() - begin
    assert verdict.outcome in (Outcome.WRONG, Outcome.UNPARSEABLE, Outcome.TIMEOUT), verdict
    assert verdict.score == 0.0
    assert took < DEADLINE + GRACE
    if name not in HARD:
        assert verdict.outcome is not Outcome.TIMEOUT, "no rule of ours refused this, only the deadline did"
    assert pool.submit(problem("7"), r"so \boxed{7}").result().outcome is Outcome.SOLVED


def test_nothing_but_deadlines_ends_a_worker(pool):
    assert pool.counts.errors == 0
    assert pool.counts.respawns == pool.counts.timeouts


def test_a_broken_right_answer_is_an_error_and_not_a_wrong_answer(pool):
    verdict = pool.submit(problem("}{"), r"\boxed{7}").result()
    assert verdict.outcome is Outcome.ERROR
    assert "is no answer" in verdict.detail


def test_where_an_answer_is_found():
    def judged(text):
        verdict = TASK.judge(problem("7"), text)
        return verdict.outcome, verdict.score, verdict.tolerant_score, verdict.answer

    assert judged(r"\boxed{6} no, \boxed{7}") == (Outcome.SOLVED, 1.0, 1.0, "7")
    assert judged(r"\boxed{7} no, \boxed{6}") == (Outcome.WRONG, 0.0, 0.0, "6")
    assert judged(r"\boxed{\boxed{7}}")[0] is Outcome.SOLVED
    for text in ("<answer>7</answer>", "the answer is 7.", "so it is $7$", "3 + 4 = 7", "<answer>7", "Answer: 7 coins"):
        assert judged(text)[:3] == (Outcome.UNPARSEABLE, 0.0, 1.0), text
    assert judged("the answer is 7 or 8")[:3] == (Outcome.UNPARSEABLE, 0.0, 0.0)
    assert judged("the answer is 6, not 7")[:3] == (Outcome.UNPARSEABLE, 0.0, 0.0)
    assert judged("7 is not it, 8 is")[:3] == (Outcome.UNPARSEABLE, 0.0, 0.0)
    assert judged("")[:3] == (Outcome.UNPARSEABLE, 0.0, 0.0)


def test_the_expression_that_was_to_be_worked_out_is_no_answer():
    expand = Problem.of(TASK.name, [Message("user", "Expand $(x+1)(x+2)$.")], {"answer": "x^2+3x+2"})
    assert TASK.judge(expand, r"\boxed{(x+1)(x+2)}").outcome is Outcome.WRONG
    assert TASK.judge(expand, r"\boxed{x^2 + 2 + 3x}").outcome is Outcome.SOLVED
