"""Every family asks what it says; its solutions hold by rules that are written a second time here."""

from __future__ import annotations

import pickle
import re
from collections import Counter

import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Problem, Split
from prorl.tasks.deal import fingerprint
from prorl.tasks.nano.family import levels, names
from prorl.tasks.registry import build

from .levels import EACH


def drawn(name: str, level: int, count: int = 20) -> list[tuple[str, str, Problem]]:
    """Question, worked solution and problem."""
    task = build(name, options={"level": level})
    problems = [task.problem(Split.TRAIN, index) for index in range(count)]
    return [(problem.messages[0].content, task.worked_solution(problem), problem) for problem in problems]


def states_of(solution: str) -> list[str]:
    assert solution.count("=") == 1
    return re.split("[,=]", solution.removeprefix("="))


def sums(question: str) -> list[str]:
    numbers = question.split("+")
    columns = [list(zip(*numbers[:count], strict=True)) for count in range(2, len(numbers) + 1)]
    return ["".join(str(sum(map(int, column)) % 10) for column in some) for some in columns]


def beginnings(question: str) -> list[str]:
    assert re.fullmatch(r"<\d+", question)
    assert len(question) == len(set(question))
    return ["".join(sorted(question[1 : 1 + count])) for count in range(2, len(question))]


def transformed(question: str) -> list[str]:
    alphabet = "abcdefghij" if question[-1].isalpha() else "0123456789"
    after = dict(zip(alphabet, alphabet[1:] + alphabet[0], strict=True))
    program, _, word = question.partition(":")
    states = []
    for rule in program:
        a, b, c, d, e, f = word
        word = {
            "R": f + e + d + c + b + a,
            "L": b + c + d + e + f + a,
            "S": b + a + d + c + f + e,
            "H": d + e + f + a + b + c,
            "U": "".join(after[symbol] for symbol in word),
        }[rule]
        states.append(word)
    return states


def walked(question: str) -> list[str]:
    matched = re.fullmatch(r"((?:[A-H][a-h] ?){8})(>+)([a-h]{4})", question)
    assert matched
    listed, marks, walkers = matched.groups()
    edges = {pair[0].lower(): pair[1] for pair in listed.split()}
    assert sorted(edges) == sorted(edges.values()) == list("abcdefgh")
    assert all(node != end for node, end in edges.items())
    states = []
    for _ in marks:
        walkers = "".join(edges[walker] for walker in walkers)
        states.append(walkers)
    return states


RULES = {
    "nano/digits": transformed,
    "nano/running_sums": sums,
    "nano/sorting": beginnings,
    "nano/strings": transformed,
    "nano/walks": walked,
}
"""The states that follow from a question."""


@pytest.mark.parametrize(("name", "level"), EACH)
def test_solutions_go_through_the_states_that_follow_from_the_question(name: str, level: int) -> None:
    for question, solution, problem in drawn(name, level):
        states = states_of(solution)
        assert states == RULES[name](question) == problem.payload["states"]
        assert len(states) == level + (name == "nano/sorting")


@pytest.mark.parametrize(
    ("name", "question", "solution"),
    [
        ("nano/running_sums", "3852+1230+3021", "4082=7003"),
        ("nano/strings", "RL:fdbeca", "acebdf=cebdfa"),
        ("nano/digits", "RL:385201", "102583=025831"),
        ("nano/sorting", "<5283", "25,258=2358"),
        ("nano/walks", "Ca Bf Ac Ed Gh Hb Dg Fe>>adgh", "cghb=ahbf"),
    ],
)
def test_the_example_in_the_documentation_of_a_family(name: str, question: str, solution: str) -> None:
    assert states_of(solution) == RULES[name](question)
    assert f"`{question}` → `{solution}`" in str(type(build(name)).__doc__)


@pytest.mark.parametrize(("name", "level"), EACH)
def test_what_is_given_is_no_answer(name: str, level: int) -> None:
    for question, solution, _ in drawn(name, level, count=60):
        assert not question.endswith(solution.rpartition("=")[2])


@pytest.mark.parametrize("name", names())
def test_splits_share_no_question_and_levels_are_drawn_apart(name: str) -> None:
    asked: dict[int, tuple[Split, int]] = {}
    for level in levels(name):
        task = build(name, options={"level": level})
        assert task.size(Split.TRAIN) is None
        for split in Split:
            for index in range(40):
                found = asked.setdefault(fingerprint(task.problem(split, index)), (split, level))
                assert found == (split, level)
    task = build(name, options={"level": 3})
    assert pickle.loads(pickle.dumps(task)).problem(Split.TEST, 7) == task.problem(Split.TEST, 7)
    with pytest.raises(IndexError):
        task.problem(Split.TRAIN, -1)


@pytest.mark.parametrize(
    ("name", "level", "rate"),
    [
        ("nano/running_sums", 5, 1e-4),
        ("nano/strings", 5, 1 / 720),
        ("nano/digits", 1, 1 / 720),
        ("nano/sorting", 1, 1 / 6),
        ("nano/sorting", 4, 1 / 210),
        ("nano/sorting", 6, 1 / 45),
        ("nano/walks", 3, 1 / 1680),
    ],
)
def test_guess_rates(name: str, level: int, rate: float) -> None:
    assert build(name, options={"level": level}).guess_rate == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("name", names())
def test_no_answer_made_for_another_problem_is_right_more_often_than_by_guessing(name: str) -> None:
    """Whoever knows how answers look, and not the question, is right as often as `guess_rate` says, at every level."""
    for level in levels(name):
        task = build(name, options={"level": level})
        answers = Counter(task.problem(Split.TEST, index).payload["states"][-1] for index in range(1_000))
        n = sum(answers.values())
        equal = sum(count * (count - 1) for count in answers.values()) / n / (n - 1)
        assert equal < 1.2 * task.guess_rate + 1e-4, (level, equal, task.guess_rate)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nano/strings", {"level": 0}, "option 'level' is 0; use a whole number from 1 to 8"),
        ("nano/strings", {"level": 9}, "option 'level' is 9"),
        ("nano/sorting", {"level": 7}, "option 'level' is 7; use a whole number from 1 to 6"),
        ("nano/sorting", {"levels": 1}, "unknown option 'levels'; valid: level"),
        ("nano/sort", {}, "unknown task 'nano/sort'; did you mean nano/sorting"),
    ],
)
def test_bad_names_and_options_are_named(name: str, options: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        build(name, options=options)
