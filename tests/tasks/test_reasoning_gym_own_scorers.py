"""What the library's scorers take for a solution and ours don't."""

import decimal
import itertools
import json

import pytest

from prorl.tasks.arithmetic import value
from prorl.tasks.contract import Split
from prorl.tasks.reasoning_gym import ReasoningGymTask
from prorl.tasks.reasoning_gym_own_scorers import SCORERS


def task(name, **options):
    return ReasoningGymTask(f"reasoning_gym/{name}", options=options)


def score(made, problem, answer):
    return made.judge(problem, f"<answer>{answer}</answer>").score


def problems(made, count=20):
    return [made.problem(Split.TRAIN, index) for index in range(count)]


def test_sorted_numbers_are_exactly_those_given():
    made = task("number_sorting")
    for problem in problems(made):
        right = problem.payload["metadata"]["sorted_numbers"]
        assert score(made, problem, right) == score(made, problem, json.dumps(right)) == 1.0
        assert score(made, problem, [float(number) for number in right]) == 1.0
        assert score(made, problem, [f"{number}{'0' * ('.' in number)}" for number in right]) == 1.0
        for wrong in (
            [str(round(float(number) + 0.5, 2)) for number in right],
            ["nan"] * len(right),
            [float("nan")] * len(right),
            right[:-1],
            [*right, right[-1]],
            right[::-1],
            [[number] for number in right],
            dict.fromkeys(right, 1),
            [True] * len(right),
        ):
            assert score(made, problem, wrong) == score(made, problem, json.dumps(wrong)) == 0.0, wrong
        for junk in ("1e999999999", "['1e999999999']", "[" * 5000, "9" * 5000, f"['{'9' * 5000}']"):
            assert score(made, problem, junk) == 0.0


def test_words_after_the_sorted_ones_are_part_of_the_answer():
    made = task("word_sorting")
    for problem in problems(made):
        right = problem.payload["answer"]
        assert score(made, problem, right) == score(made, problem, right.replace(", ", ",")) == 1.0
        assert 0.0 < score(made, problem, f"{right}, banana, junk") <= 0.8
        assert score(made, problem, right.swapcase()) < 1.0


def test_a_decimal_is_worked_out_to_the_digits_that_were_asked_for():
    made = task("decimal_arithmetic")
    long = [problem for problem in problems(made, 60) if len(problem.payload["answer"].strip("-0.")) >= 12]
    assert len(long) > 20
    for problem in long:
        right = problem.payload["answer"]
        assert (
            score(made, problem, right) == score(made, problem, right[:-1]) == score(made, problem, right + "1") == 1.0
        )
        for wrong in (
            right[:-5],
            f"{right[:6]}{9 - int(right[6])}{right[7:]}" if right[6] != "." else "0",
            "nan",
            "1e9999",
        ):
            assert score(made, problem, wrong) == 0.0, (right, wrong)
    for problem in problems(made, 60):
        assert score(made, problem, problem.payload["answer"]) == 1.0


def test_a_decimal_of_few_digits_may_be_given_with_more():
    made = task("decimal_arithmetic", precision=6)
    (problem, *_) = (one for one in problems(made, 60) if len(one.payload["answer"].strip("-0.")) == 7)
    right = problem.payload["answer"]
    assert score(made, problem, right) == score(made, problem, f"{right}3") == score(made, problem, f"{right}0") == 1.0
    assert score(made, problem, right[:-1]) == score(made, problem, f"{right}9") == 0.0


def test_a_decimal_that_is_rounded_only_in_the_end_is_right_too():
    made, others = task("decimal_arithmetic", precision=6), 0
    for problem in problems(made, 40):
        exact = value(problem.payload["question"].splitlines()[-1].partition("=")[0])
        right = decimal.Context(prec=6, rounding=decimal.ROUND_HALF_UP).divide(exact.numerator, exact.denominator)
        others += right != decimal.Decimal(problem.payload["answer"])
        assert score(made, problem, f"{right:f}") == 1.0
    assert others >= 3


def test_a_drawn_word_is_read_to_its_end():
    made = task("figlet_font", min_word_len=10, max_word_len=12)
    for problem in problems(made):
        right = problem.payload["answer"]
        assert score(made, problem, right) == score(made, problem, " ".join(right.lower())) == 1.0
        for wrong in (f"{right[:10]}ZZZZ", f"{right}ZZZZ", f"{right} or not"):
            assert 0.0 < score(made, problem, wrong) <= 0.8


def moves_of_everything_everywhere(problem):
    """A plan that doesn't look at where the boxes are."""
    rows, columns = (problem.payload["metadata"][f"{axis}_num"] for axis in ("row", "column"))
    colors = {
        item[4:]
        for items in problem.payload["metadata"]["initial_state"].values()
        for item in items
        if item[:3] == "box"
    }
    cells = [(row + 0.5, column + 0.5) for row in range(rows) for column in range(columns)]
    winding = sorted(cells, key=lambda cell: (cell[0], cell[1] if cell[0] % 2 < 1 else -cell[1]))
    plan = []
    for color, path in itertools.product(sorted(colors), (winding, winding[::-1]) * 2):
        for cell, after in itertools.pairwise([*path, None]):
            for _ in range(4):
                plan.append({f"Agent[{cell[0]}, {cell[1]}]": f"move(box_{color}, target_{color})"})
                if after:
                    plan.append({f"Agent[{cell[0]}, {cell[1]}]": f"move(box_{color}, square[{after[0]}, {after[1]}])"})
    return plan


def test_a_plan_with_a_move_that_is_not_possible_is_no_solution():
    made = task("boxnet")
    for problem in problems(made, 10):
        plan = json.loads(made.worked_solution(problem).removeprefix("<answer>").removesuffix("</answer>"))
        assert score(made, problem, json.dumps(plan)) == 1.0
        assert score(made, problem, json.dumps(moves_of_everything_everywhere(problem))) < 1.0
        assert score(made, problem, json.dumps(plan[:-1])) < 1.0
        last = next(reversed(plan[-1].items()))
        for more in (
            {last[0]: last[1]},
            {"Agent[99.5, 0.5]": "move(box_red, target_red)"},
            {last[0]: "wait"},
            {"somebody": last[1]},
        ):
            assert 0.0 < score(made, problem, json.dumps([*plan, more])) < 1.0, more
        for none in ([], [[]], [1], [{last[0]: 1}], plan[0], "move", None, {}):
            assert score(made, problem, json.dumps(none)) == 0.0, none


def move(row, column, where):
    return {f"Agent[{row}, {column}]": f"move(box_red, {where})"}


THERE, DONE = move(0.5, 0.5, "square[0.5, 1.5]"), move(0.5, 1.5, "target_red")


@pytest.mark.parametrize(
    ("plan", "share"),
    [
        ([THERE, DONE], 1.0),
        (
            [
                {key.replace(" ", ""): command.replace(" ", "") for key, command in step.items()}
                for step in (THERE, DONE)
            ],
            1.0,
        ),
        ([THERE], 0.0),
        ([DONE], 0.0),
        ([move(0.5, 0.5, "target_red")], 0.0),
        ([move(0.5, 0.5, "square[0.5, 2.5]"), move(0.5, 2.5, "square[0.5, 1.5]"), DONE], 0.0),
        ([move(0.5, 0.5, "square[1.5, 1.5]"), move(1.5, 1.5, "square[0.5, 1.5]"), DONE], 0.0),
        ([move(0.5, 0.5, "square[-0.5, 0.5]"), THERE, DONE], 0.8),
        ([move(1.5, 0.5, "square[2.5, 0.5]"), THERE, DONE], 0.8),
        ([move(1.5, 0.5, "square[0.5, 0.5]"), THERE, DONE], 0.8),
        ([{**THERE, **move("0.50", 0.5, "square[1.5, 0.5]")}, DONE], 0.8),
    ],
)
def test_which_moves_are_possible(plan, share):
    cells = {f"{row}_{column}": [] for row in (0.5, 1.5) for column in (0.5, 1.5, 2.5)}
    cells |= {"0.5_0.5": ["box_red"], "0.5_1.5": ["target_red"]}
    assert SCORERS["boxnet"](None, json.dumps(plan), {"metadata": {"initial_state": cells}}) == share
    assert cells["0.5_0.5"] == ["box_red"]
