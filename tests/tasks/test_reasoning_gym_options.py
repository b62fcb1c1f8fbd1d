import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Split
from prorl.tasks.reasoning_gym import ReasoningGymTask, names
from prorl.tasks.reasoning_gym_options import _set_at as set_at
from prorl.tasks.reasoning_gym_options import checked_options, levels


def asked(options, name="graph_color"):
    return ReasoningGymTask(f"reasoning_gym/{name}", options=options).problem(Split.TRAIN, 0).payload["metadata"]


def test_a_level_sets_what_the_library_s_curriculum_sets():
    assert checked_options("t", "graph_color", {"level": 0}) == {
        "min_num_vertices": 6, "max_num_vertices": 10, "num_colors": 5,
    }  # fmt: skip
    assert checked_options("t", "graph_color", {"level": 2}) == {
        "min_num_vertices": 20, "max_num_vertices": 25, "num_colors": 3,
    }  # fmt: skip
    assert 20 <= asked({"level": 2})["num_vertices"] <= 25


def test_other_options_override_the_level():
    changed = {"level": 0, "min_num_vertices": 8, "max_num_vertices": 8}
    assert checked_options("t", "graph_color", changed)["num_colors"] == 5
    assert asked(changed)["num_vertices"] == 8


def test_graph_color_goes_beyond_the_sizes_of_training():
    for vertices in (5, 8, 10, 13, 15, 18, 20):
        assert asked({"min_num_vertices": vertices, "max_num_vertices": vertices})["num_vertices"] == vertices


def test_nearly_every_task_has_levels():
    without = {name for name in names() if not levels(name.removeprefix("reasoning_gym/"))}
    assert without == {"reasoning_gym/" + name for name in ("acre", "gsm_symbolic", "list_functions")}


def test_every_level_sets_other_options_than_the_one_before_and_none_is_left_out():
    datasets = [name.removeprefix("reasoning_gym/") for name in names()]
    assert [
        (dataset, level)
        for dataset in datasets
        for level in range(1, levels(dataset))
        if set_at(dataset, level) == set_at(dataset, level - 1)
    ] == []
    counts = {"word_sorting": 4, "sudoku": 4, "letter_counting": 7, "word_ladder": 2, "boxnet": 8, "gcd": 4}
    assert {dataset: levels(dataset) for dataset in counts} == counts
    for dataset, count in counts.items():
        assert set_at(dataset, count) == set_at(dataset, count - 1), "more would be the same again"


@pytest.mark.parametrize("name", ["word_sorting", "sudoku", "letter_counting"])
def test_the_highest_level_asks_other_problems_than_the_one_below(name):
    made = [ReasoningGymTask(f"reasoning_gym/{name}", options={"level": levels(name) - 1 - below}) for below in (0, 1)]
    ids = [{task.problem(Split.TRAIN, index).id for index in range(3)} for task in made]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize(
    ("name", "level", "said"),
    [
        ("graph_color", 3, "option 'level' is 3; use a whole number from 0 to 2"),
        ("graph_color", -1, "use a whole number from 0 to 2"),
        ("word_sorting", 4, "option 'level' is 4; use a whole number from 0 to 3"),
        ("graph_color", "hard", "option 'level' is 'hard'"),
        ("graph_color", True, "option 'level' is True"),
        ("acre", 0, "acre: option 'level' is 0, but it has no levels; remove it"),
        ("caesar_cipher", 2, "caesar_cipher: bad options .*rotation must be in range"),
        ("puzzle24", 3, "searches for minutes for a problem of level 3; use 0 to 2"),
        ("letter_jumble", 3, "letter_jumble: no item can be made with options"),
    ],
)
def test_levels_that_cannot_be_are_named(name, level, said):
    with pytest.raises(UserError, match=said) as caught:
        ReasoningGymTask(f"reasoning_gym/{name}", options={"level": level})
    assert "\n" not in str(caught.value)
