"""Right answers with something more about them, which the library's scorers take for right, and ours don't."""

import json
import re

import pytest

from prorl.tasks.contract import Split
from prorl.tasks.reasoning_gym import ReasoningGymTask
from prorl.tasks.reasoning_gym_own_scorers import SCORERS


def drawn(name, count):
    made = ReasoningGymTask(f"reasoning_gym/{name}")
    return made, [made.problem(Split.TRAIN, index) for index in range(count)]


def score(made, problem, answer):
    return made.judge(problem, f"<answer>{answer}</answer>").score


def test_a_board_with_more_than_its_rows_and_columns_is_another_board():
    made, problems = drawn("game_of_life", 5)
    for problem in problems:
        right = json.loads(problem.payload["answer"])
        assert score(made, problem, json.dumps(right)) == score(made, problem, json.dumps(right, indent=1)) == 1.0
        for wrong in ([*right, right[0]], [[*row, 0] for row in right], [[*right[0], 1], *right[1:]], [*right, []]):
            assert 0.0 < score(made, problem, json.dumps(wrong)) <= 0.8
        other = [[1 - right[0][0], *right[0][1:]], *right[1:]]
        assert score(made, problem, json.dumps(other)) == 0.99


def test_a_duration_has_one_sign_and_no_number_too_many():
    (made, problems), kinds = drawn("time_intervals", 120), set()
    for problem in problems:
        right, kind = problem.payload["answer"], problem.payload["metadata"]["expected_format"]
        kinds.add(kind)
        assert score(made, problem, right) == score(made, problem, f" {right} ") == 1.0
        for wrong in (f"-{right}", f"{right}:99", f"{right}, 7", f"7 {right}", f"{right} 00:01", right + "9"):
            assert score(made, problem, wrong) < 1.0, (right, wrong)
    assert kinds == {"HH:MM", "HH:MM:SS", "HH:MM:SS.mmm", "D days", "D days, HH:MM", "D days, HH:MM:SS"}


@pytest.mark.parametrize(
    ("right", "kind", "given", "full"),
    [
        ("00:34:28", "time_seconds", "0:34:28", True),
        ("00:34:28", "time_seconds", "-00:34:28", False),
        ("00:34:00", "time_seconds", "00:34", True),
        ("10:34", "time", "10:34:00", True),
        ("10:34", "time", "10:34:00:59", False),
        ("10:34", "time", "11:-26", False),
        ("-10:34", "time", "-10:34", True),
        ("00:34:28.050", "time_ms", "00:34:28.050", True),
        ("00:34:28.050", "time_ms", "00:34:28.50", False),
        ("5 days", "date", "5", True),
        ("0 days", "date", "-0 days", False),
        ("5 days", "date", "5 7 days", False),
        ("5 days", "date", "5 days 7", False),
        ("0 days, 05:30", "datetime", "-0 days, 05:30", False),
        ("-1 days, 05:30", "datetime_tz", "-1 days, 05:30:00", True),
        ("-1 days, 05:30", "datetime_tz", "-1 days, 05:30, 8", False),
    ],
)
def test_how_a_duration_may_be_written(right, kind, given, full):
    made, _ = drawn("time_intervals", 0)
    entry = {"answer": right, "metadata": {"task_type": kind}}
    assert (SCORERS["time_intervals"](made._dataset(Split.TRAIN, 0), given, entry) == 1.0) is full


def test_words_around_who_is_what_can_say_the_opposite():
    made, problems = drawn("knights_knaves", 10)
    for problem in problems:
        right = problem.payload["answer"]
        people = [clause.removesuffix(".") for clause in re.split(r",? and |, ", right)]
        assert score(made, problem, right) == score(made, problem, ", ".join(people[::-1])) == 1.0
        assert score(made, problem, right.replace(" is an ", " ").replace(" is a ", " ")) == 1.0
        for wrong in (f"It is not the case that {right}", f"Not {right}", f"If {right}", right.replace("and", "or")):
            assert 0.0 < score(made, problem, wrong) < 1.0, wrong
