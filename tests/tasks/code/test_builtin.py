import itertools
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from prorl.errors import UserError
from prorl.tasks.code.exercises import EXERCISES
from prorl.tasks.code.judging import Cases
from prorl.tasks.code.words import block
from prorl.tasks.contract import Outcome, Split
from prorl.tasks.registry import build, names
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite
from prorl.verify.sandbox import Tier, probe

sandboxed = pytest.mark.skipif(probe().tier is Tier.LIMITS, reason="there is no sandbox here")


@pytest.fixture(scope="module")
def task():
    return build("code/builtin", options={"seconds": 20.0})


@pytest.fixture(scope="module")
def one_of_each(task):
    return [task.problem(Split.TRAIN, index) for index in range(len(task.kinds))]


def test_the_family_is_registered():
    assert {"code/builtin", "code/eurus2", "code/humaneval", "code/humaneval_plus", "code/livecodebench"} <= set(
        names()
    )
    with pytest.raises(UserError, match="unknown task 'code/bultin'; did you mean code/builtin"):
        build("code/bultin")


def test_there_are_36_exercises_in_two_forms(task):
    assert len(EXERCISES) == len({exercise.name for exercise in EXERCISES}) == 36
    assert len(task.kinds) == 72


@sandboxed
def test_every_exercise_is_solved_by_its_solution_and_by_nothing_that_is_cheap(task, one_of_each):
    empty = block("pass")
    lazy = block("print(0)")
    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda p: task.judge(p, task.worked_solution(p)), one_of_each))
        nothing = list(threads.map(lambda p: task.judge(p, empty), one_of_each))
        zeros = list(threads.map(lambda p: task.judge(p, lazy), one_of_each[1::2]))
    assert [k for k, v in zip(task.kinds, verdicts, strict=True) if v.outcome is not Outcome.SOLVED] == []
    assert max(verdict.score for verdict in nothing) == 0.0
    assert max(verdict.score for verdict in zeros) <= 0.6


def test_no_constant_answer_passes_more_than_six_tests_in_ten(task, one_of_each):
    for kind, problem in zip(task.kinds, one_of_each, strict=True):
        outputs = list(map(repr, Cases.of(problem.payload).outputs))
        assert len(outputs) == 10
        assert max(outputs.count(output) for output in outputs) <= 6, (kind, outputs)


def test_problems_repeat_by_index_and_differ_between_splits(task):
    again = build("code/builtin")
    for split in Split:
        problem = task.problem(split, 5)
        assert problem == again.problem(split, 5)
        assert problem.payload["tests"]["inputs"] == again.problem(split, 5).payload["tests"]["inputs"]
    train = {task.problem(Split.TRAIN, index).id for index in range(150)}
    assert len(train) > 100
    for split in (Split.VALIDATION, Split.TEST, Split.EXAMPLES):
        assert not train & {task.problem(split, index).id for index in range(20)}
    assert pickle.loads(pickle.dumps(task)).problem(Split.TEST, 3) == task.problem(Split.TEST, 3)


def function_of(problem):
    """The function in the worked solution: the same for both forms of an exercise with the same numbers."""
    return re.search(r"def .*?(?=\n\n|\n```)", problem.payload["solution"], re.DOTALL)[0]


def test_no_exercise_is_in_two_splits_in_whatever_form_and_what_is_held_out_is_never_trained_on():
    task = build("code/builtin", options={"exercises": ["divisible", "sum_above", "clip", "power"], "tests": 1})
    asked = {split: [task.problem(split, index) for index in range(80)] for split in Split}
    functions = {split: {function_of(problem) for problem in problems} for split, problems in asked.items()}
    assert sum(map(len, functions.values())) == len(set().union(*functions.values()))
    assert len(functions[Split.TRAIN]) > 30
    assert len({problem.id for problem in asked[Split.TEST]}) > len(functions[Split.TEST]) > 5, "both forms are asked"
    suite = Suite([task])
    held_out = [*suite.held_out(Split.TEST, 5), *suite.held_out(Split.VALIDATION, 5)]
    trained = {function_of(problem) for problem in itertools.islice(ProblemStream(suite, 0, held_out), 150)}
    assert not trained & {function_of(problem) for problem in held_out}


def test_the_prompt_says_what_form_is_wanted_and_shows_solved_examples():
    task = build("code/builtin", worked_examples=2)
    turns = task.prompt(task.problem(Split.TRAIN, 0))
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "```python block" in turns[0].content
    assert turns[2].content.startswith("```python\ndef ")
    assert "$" not in "".join(turn.content for turn in turns)


def test_only_what_was_asked_for_is_drawn():
    task = build("code/builtin", options={"exercises": ["divisible"], "forms": ["program"], "tests": 3})
    problem = task.problem(Split.TRAIN, 0)
    assert "divisible by" in problem.messages[0].content
    assert "standard input" in problem.messages[0].content
    assert len(Cases.of(problem.payload).inputs) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"test": 3}, "unknown option 'test'; valid: allow_weak_sandbox, exercises, forms, memory_megabytes, seconds"),
        ({"seconds": 0}, "option 'seconds' is 0; use a number from 0.1 to 600"),
        ({"tests": 0}, "option 'tests' is 0"),
        ({"exercises": ["divsible"]}, "option 'exercises' has an unknown 'divsible'"),
        ({"allow_weak_sandbox": "yes"}, "option 'allow_weak_sandbox' is 'yes'; use true or false"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(UserError, match=f"code/builtin: {said}"):
        build("code/builtin", options=options)
