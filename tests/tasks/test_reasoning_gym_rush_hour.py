"""Rush Hour: which moves are possible, and that no plan made blindly frees a car."""

import random

import pytest

from prorl.tasks.contract import Split
from prorl.tasks.reasoning_gym import ReasoningGymTask
from prorl.tasks.reasoning_gym_rush_hour import score, solution

# AA is the red car; B stands across its way, C lies below B, x are walls. Of each row six cells.
BOARD = "ooooooooooxo" + "AAoBoo" + "oooBoo" + "CCoooo" + "oooxoo"


def scored(plan: str, board: str = BOARD) -> float:
    return score(None, plan, {"metadata": {"board_config": board}})


@pytest.mark.parametrize(
    ("plan", "solved"),
    [
        ("B-2 A+4", True),
        ("B-1 B-1 A+1 A+3", True),
        ("B+1 A+1 B-2 B-1 A+3", True),
        ("C+4 C-4 B-2, A+4", True),
        ("A+4", False),
        ("A+4 B-2 A+4", False),
        ("B-3 A+4", False),
        ("B+2 B-2 A+4", False),
        ("B-2 A+5", False),
        ("B-2 A+3", False),
        ("B-2 A+4 A-1", False),
        ("B-2 A+4 A+1", False),
        ("A-1 B-2 A+4", False),
        ("B+0 B-2 A+4", False),
        ("D+1 B-2 A+4", False),
        ("Z-1 B-2 A+4", False),
        ("B-2 A+4 Z+9", False),
        ("C+5 B-2 A+4", False),
        ("", False),
    ],
)
def test_a_plan_solves_a_board_if_every_move_of_it_is_possible(plan, solved):
    assert scored(plan) == float(solved)


def test_walls_cannot_be_passed():
    above = BOARD[:9] + "x" + BOARD[10:]
    assert scored("B-1 A+4", above) == scored("B-2 A+4", above) == 0.0
    assert solution(None, {"metadata": {"board_config": above}}) == "B+1 A+4"
    both = above[:27] + "x" + above[28:]
    assert scored("B+1 A+4", both) == 0.0
    assert solution(None, {"metadata": {"board_config": both}}) is None


def test_no_plan_made_blindly_frees_a_car():
    """The library's own scorer is content with such a plan on a tenth of the boards."""
    task, rng = ReasoningGymTask("reasoning_gym/rush_hour", options={"min_moves": 1, "max_moves": 10}), random.Random(1)
    moves = [f"{rng.choice('BCDEFGHIJK')}{rng.choice('+-')}{rng.choice('1234')}" for _ in range(600)]
    plan = " ".join(move if number % 5 else "A+4" for number, move in enumerate(moves)) + " A+4"
    problems = [task.problem(Split.TEST, index) for index in range(40)]
    assert sum(task.judge(problem, f"<answer>{plan}</answer>").score for problem in problems) == 0.0


def test_a_move_that_is_not_possible_spoils_a_right_answer():
    task = ReasoningGymTask("reasoning_gym/rush_hour")
    for index in range(3):
        problem = task.problem(Split.TRAIN, index)
        right = task.worked_solution(problem)
        assert task.judge(problem, right).score == 1.0
        for before in ("A+5", "Z+1", "B+9", "A+0"):
            assert task.judge(problem, right.replace("<answer>", f"<answer>{before} ")).score == 0.0
