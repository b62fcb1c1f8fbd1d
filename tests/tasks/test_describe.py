from prorl.tasks import shortcomings
from prorl.tasks.check import CHECKS
from prorl.tasks.contract import Split
from prorl.tasks.describe import built_in, describe
from prorl.tasks.registry import names
from prorl.tasks.show import show


def test_every_task_has_a_line():
    described = {task.name: task for task in describe()}
    assert list(described) == names()
    echo, gcd = described["toy/echo"], described["reasoning_gym/gcd"]
    assert (echo.domain, echo.kind, echo.size, echo.needs_data) == ("toy", "generated", 179, False)
    assert (gcd.domain, gcd.size, gcd.levels > 2, gcd.notes) == ("logic", None, True, ())
    assert described["math/aime24"].needs_data
    walks = described["nano/walks"]
    assert (walks.domain, walks.size, walks.needs_data, walks.levels) == ("nano", None, False, 8)


def test_a_part_of_the_name_or_a_pattern_chooses():
    assert [task.name for task in describe("graph_col")] == ["reasoning_gym/graph_color"]
    assert [task.name for task in describe("toy/*o*")] == ["toy/copy", "toy/echo", "toy/successor"]
    assert list(describe("nothing like it")) == []


def test_what_is_known_against_a_task_is_told():
    (jugs,) = describe("reasoning_gym/jugs")
    assert jugs.notes[0].startswith("splits: few different questions")
    (logic,) = describe("propositional_logic")
    assert "repeating a premise" in logic.notes[0]


def test_the_list_is_of_tasks_and_checks_that_exist():
    for pattern, reasons in shortcomings.KNOWN.items():
        assert set(reasons) <= set(CHECKS)
        assert any(pattern in (name, name.partition("/")[0] + "/*") for name in names()), pattern
    assert set(shortcomings.NOTES) <= set(names())
    assert shortcomings.reason("reasoning_gym/jugs@easy", "splits")
    assert shortcomings.reason("reasoning_gym/jugs", "junk") is None


def test_variants_of_built_in_tasks_are_built_in():
    assert built_in("reasoning_gym/gcd@easy")
    assert built_in("math/generated@hard")
    assert not built_in("math/aime24@x")


def test_a_problem_is_shown_with_its_prompt_its_solution_and_the_verdict():
    first, second = show("reasoning_gym/gcd", {"max_value": 9}, split=Split.TEST, count=2, worked_examples=1, first=3)
    assert first.problem.id != second.problem.id
    assert [turn.role for turn in first.prompt] == ["system", "user", "assistant", "user"]
    assert first.solution is not None
    assert first.verdict is not None
    assert (first.verdict.score, first.verdict.outcome) == (1.0, "solved")


def test_no_more_is_shown_than_there_is():
    assert len(list(show("toy/echo", {"symbols": 4, "length": 2}, split=Split.TEST, count=50))) < 5
