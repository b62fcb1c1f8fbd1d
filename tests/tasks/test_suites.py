import pickle
from itertools import pairwise

import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Split
from prorl.tasks.registry import build
from prorl.tasks.suite import Suite
from prorl.tasks.suites import HELD_OUT, SUITES, by_domain, domain, entries, expand


def test_the_paper_s_logic_tasks_and_what_it_holds_out_are_apart():
    trained, held_out, everything = expand("prorl-logic"), expand("prorl-logic-held-out"), expand("logic")
    assert len(trained) == len(set(trained)) == 95
    assert held_out == [f"reasoning_gym/{name}" for name in HELD_OUT]
    assert not set(trained) & set(held_out)
    assert set(trained) | set(held_out) < set(everything)
    assert {"reasoning_gym/palindrome_generation", "reasoning_gym/graph_color"} <= set(trained)


def test_graph_color_is_measured_beyond_the_size_of_training():
    sizes = [build(entry.task, options=entry.options) for entry in entries("graph-color-sizes")]
    assert [task.name for task in sizes] == [f"reasoning_gym/graph_color@{n}" for n in (5, 8, 10, 13, 15, 18, 20)]
    vertices = [task.problem(Split.TEST, 0).payload["metadata"]["num_vertices"] for task in sizes]
    assert vertices == [5, 8, 10, 13, 15, 18, 20]


def test_an_unknown_suite_is_named_with_the_nearest_one():
    with pytest.raises(UserError, match="unknown task suite 'prorl_logic'; did you mean 'prorl-logic'"):
        expand("prorl_logic")
    with pytest.raises(UserError, match="unknown task suite 'zzz'; there are logic, prorl-logic"):
        entries("zzz")


def test_every_suite_says_what_it_is_and_has_tasks():
    for name, (said, _) in SUITES.items():
        assert said
        assert expand(name)


def test_the_domain_is_in_the_name():
    assert domain("reasoning_gym/gcd@easy") == "logic"
    assert domain("math/generated") == "math"
    assert domain("own.tasks:Mine") == "own.tasks"


def test_domains_get_their_shares_whatever_the_number_of_their_tasks():
    tasks = ["toy/echo", "toy/copy", "math/a", "math/b", "math/c"]
    weights = by_domain(tasks, [3, 1, 1, 1, 0], {"toy": 0.2, "math": 0.8})
    assert weights == pytest.approx([0.15, 0.05, 0.4, 0.4, 0.0])
    assert by_domain(tasks, [1, 1, 1, 1, 1], {"toy": 2}) == pytest.approx([1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"logik": 1}, "domain 'logik' has a share but no task to ask; there are math, toy"),
        ({"math": 1}, "domain 'math' has a share but no task to ask"),
        ({"toy": 0}, "domain 'toy' has share 0; use a positive number"),
        ({"toy": float("nan")}, "domain 'toy' has share nan"),
    ],
)
def test_shares_that_cannot_be_kept_are_named(shares, said):
    with pytest.raises(UserError, match=said):
        by_domain(["toy/echo", "math/a"], [1, 0], shares)


# Variants of one task in one mixture


def test_a_variant_is_the_task_before_the_at_sign_under_its_own_name():
    easy, hard = build("toy/echo@easy", options={"symbols": 8}), build("toy/echo@hard", worked_examples=1)
    assert (easy.name, hard.name) == ("toy/echo@easy", "toy/echo@hard")
    suite = Suite([easy, hard])
    assert {suite.tasks[name].problem(Split.TRAIN, 0).task for name in suite.tasks} == set(suite.tasks)
    assert hard.examples()[0].task == "toy/echo@hard"
    assert pickle.loads(pickle.dumps(hard)).problem(Split.TRAIN, 0) == hard.problem(Split.TRAIN, 0)
    assert not hasattr(hard, "prepare")
    problem = hard.problem(Split.TRAIN, 0)
    assert suite.judge(problem, hard.worked_solution(problem)).score == 1.0
    with pytest.raises(UserError, match="'toy/echo@easy' is in the suite twice"):
        Suite([easy, build("toy/echo@easy")])


def test_variants_share_what_is_held_out():
    plain, variant = build("toy/echo"), build("toy/echo@again")
    assert plain.problem(Split.TEST, 0).id == variant.problem(Split.TEST, 0).id
    held_out = Suite([plain, variant]).held_out(Split.TEST, 5)
    assert [problem.task for problem in held_out] == ["toy/echo"] * 5 + ["toy/echo@again"] * 5
    assert len({problem.id for problem in held_out}) == 10


@pytest.mark.parametrize("name", ["toy/echo@", "toy/echo@a@b", "toy/echo@a b", "@easy"])
def test_labels_that_cannot_be_are_named(name):
    with pytest.raises(UserError):
        build(name)


def test_the_levels_of_the_small_study_and_what_it_holds_out():
    for level in range(1, 7):
        found = entries(f"nano-level{level}")
        assert [entry.task for entry in found] == [
            f"nano/{family}@level{level}" for family in ("running_sums", "sorting", "strings")
        ]
        assert {entry.options["level"] for entry in found} == {level}
    held_out = entries("nano-held-out")
    assert {entry.task.partition("@")[0] for entry in held_out} == {"nano/digits", "nano/walks"}
    assert [entry.task.partition("@")[2] for entry in held_out] == 2 * [f"level{level}" for level in range(1, 7)]
    assert [entry.options["level"] for entry in held_out] == 2 * [1, 2, 3, 4, 5, 6]


def test_the_laptop_s_tasks_are_of_five_domains_and_grow_with_the_level():
    levels = [
        {
            entry.task.partition("@")[0]: build(entry.task, options=entry.options)
            for entry in entries(f"laptop-level{n}")
        }
        for n in range(1, 5)
    ]
    everywhere = set.intersection(*map(set, levels))
    assert len(everywhere) == 8
    assert {domain(task) for task in everywhere} == {"logic", "math", "instructions"}
    assert [sorted(set(level) - everywhere) for level in levels] == [[], ["code/builtin"], [], ["code/builtin"]]
    for easier, harder in pairwise(levels):
        for name in everywhere:
            assert length(easier[name]) < length(harder[name]), name
    learnt = everywhere | {"code/builtin", "stem/generated_choice@physics"}
    assert not learnt & {entry.task for entry in entries("laptop-held-out")}


def length(task) -> int:
    """Characters of twenty problems and their solutions, which are right."""
    problems = [task.problem(Split.TEST, number) for number in range(20)]
    solutions = [task.worked_solution(problem) for problem in problems]
    assert all(task.judge(problem, text).score == 1 for problem, text in zip(problems[:2], solutions[:2], strict=True))
    return sum(len(problem.messages[-1].content) + len(text) for problem, text in zip(problems, solutions, strict=True))
