"""What counts as an answer and what as a right step; hostile completions gain nothing."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest

from prorl.tasks.contract import Message, Outcome, Problem, Split
from prorl.tasks.nano.chain import ChainTask
from prorl.tasks.nano.family import names
from prorl.tasks.registry import build

from .levels import EACH


def asked(name: str, level: int) -> tuple[ChainTask, Problem, str]:
    task = build(name, options={"level": level})
    assert isinstance(task, ChainTask)
    problem = task.problem(Split.TEST, 0)
    return task, problem, task.worked_solution(problem)


@pytest.mark.parametrize(("name", "level"), EACH)
def test_a_wrong_symbol_in_any_step_is_found_though_the_answer_is_right(name: str, level: int) -> None:
    task, problem, solution = asked(name, level)
    assert task.check_steps(problem, solution) is True
    answer_at = solution.index("=")
    for place, symbol in enumerate(solution):
        if symbol in ",=":
            continue
        other = next(s for s in problem.payload["states"][0] if s != symbol)
        wrong = solution[:place] + other + solution[place + 1 :]
        assert task.check_steps(problem, wrong) is False, wrong
        verdict = task.judge(problem, wrong)
        assert verdict.outcome is (Outcome.SOLVED if place < answer_at else Outcome.WRONG), wrong


@pytest.mark.parametrize("name", names())
def test_a_step_left_out_repeated_or_out_of_turn_is_found(name: str) -> None:
    task, problem, _ = asked(name, 4)
    states = problem.payload["states"]
    assert all(one != other for one, other in pairwise(states))
    right = states[-1]
    for steps in ([], states[:1], states[1:3], states[:2] + states[1:3], states[:3][::-1], states):
        text = ",".join(steps) + "=" + right
        assert task.judge(problem, text).outcome is Outcome.SOLVED
        assert task.check_steps(problem, text) is False, text


@pytest.mark.parametrize("name", names())
def test_steps_that_hold_say_nothing_of_an_answer_that_is_missing(name: str) -> None:
    task, problem, _ = asked(name, 3)
    first, second = problem.payload["states"][:2]
    assert task.check_steps(problem, f"{first},{second}") is True
    assert task.judge(problem, f"{first},{second}").outcome is Outcome.UNPARSEABLE
    assert task.check_steps(problem, f"{first}={second}") is True
    assert task.judge(problem, f"{first}={second}").outcome is Outcome.WRONG


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(
    ("form", "score", "tolerant"),
    [
        ("={}", 1.0, 1.0),
        (" ={}\n", 1.0, 1.0),
        ("!?={}", 1.0, 1.0),
        ("{}", 0.0, 1.0),
        ("= {}", 0.0, 1.0),
        ("={}.", 0.0, 1.0),
        ("={}=", 0.0, 1.0),
        ("<answer>{}</answer>", 0.0, None),
        ("={}{}", 0.0, 0.0),
        ("={},", 0.0, 1.0),
    ],
)
def test_where_an_answer_may_stand(name: str, form: str, score: float, tolerant: float | None) -> None:
    task, problem, _ = asked(name, 2)
    answer = problem.payload["states"][-1]
    verdict = task.judge(problem, form.replace("{}", answer))
    assert verdict.score == score
    assert verdict.outcome is (Outcome.SOLVED if score else verdict.outcome)
    if tolerant is not None:
        assert verdict.tolerant_score == tolerant


HOSTILE = [
    "", " ", "=", "==", "=,", ",", ",=", "junk", "=junk!", "=" * 1000, "," * 1000, "a" * 50_000, "0" * 50_000,
    "=" + "a" * 50_000, "=" + "9" * 50_000, "=\u0661\u0662\u0663\u0664", "=\uff11\uff12", "=\x00", "=[a-j]+", "=.*",
    "={answer}", "\ud83d\ude00=\ud83d\ude00", "=abcdef\x00",
]  # fmt: skip


@pytest.mark.parametrize("level", [1, 6])
@pytest.mark.parametrize("name", names())
def test_hostile_completions_gain_nothing_and_cost_nothing(name: str, level: int) -> None:
    task, problem, solution = asked(name, level)
    question = problem.messages[0].content
    every = "".join(problem.payload["states"])
    for text in [*HOSTILE, question, question + "=", f"={question}", f"={every}", solution + solution]:
        begun = time.process_time()
        verdict, holds = task.judge(problem, text), task.check_steps(problem, text)
        assert time.process_time() - begun < 0.1
        if text == solution + solution:
            assert (verdict.score, holds) == (1.0, False)  # the last answer is right, and a step is none
            continue
        if (level, text) == (1, f"={every}") and name != "nano/sorting":
            assert text == solution
            continue
        assert verdict.score == verdict.tolerant_score == 0.0, text
        assert holds is not True, text


@pytest.mark.parametrize("name", names())
def test_all_answers_in_a_row_are_no_answer(name: str) -> None:
    task, problem, _ = asked(name, 2)
    right = problem.payload["states"][-1]
    wrong = right[::-1] if right != right[::-1] else right[1:] + right[0]
    for text in (f"={right},{wrong}", f"={right}={wrong}", f"={right} {wrong}"):
        verdict = task.judge(problem, text)
        assert verdict.score == verdict.tolerant_score == 0.0
    assert task.judge(problem, f"={wrong}={right}").outcome is Outcome.SOLVED


def test_a_question_is_shown_alone() -> None:
    task, problem, _ = asked("nano/sorting", 2)
    assert task.prompt(problem) == problem.messages
    assert re.fullmatch(r"<\d{4}", problem.messages[0].content)
    assert problem.messages[0] == Message("user", problem.messages[0].content)
