import pickle

import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Message, Outcome, Problem, Split, Verdict
from prorl.tasks.registry import build
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

SMALL_FAMILY = {"min_value": 2, "max_value": 12}
"""gcd of two numbers up to 12: some hundred questions, drawn again and again in every split."""


def gcd(worked_examples=2):
    return build("reasoning_gym/gcd", worked_examples=worked_examples, options=SMALL_FAMILY)


class Finite:
    """Numbers below a bound, with chosen ones in validation and test."""

    def __init__(self, validation=(), test=(), name="finite"):
        self.name = name
        self.numbers = {Split.VALIDATION: list(validation), Split.TEST: list(test)}

    def size(self, split):
        return len(self.numbers[split])

    def problem(self, split, index):
        return Problem.of(self.name, [Message("user", str(self.numbers[split][index]))], {})

    def examples(self):
        return ()

    def prompt(self, problem):
        return problem.messages

    def judge(self, problem, text):
        return Verdict(0.0, Outcome.WRONG)


def ids(problems):
    return {problem.id for problem in problems}


def test_what_is_held_out_is_disjoint_even_if_questions_repeat():
    suite = Suite([gcd(), build("toy/echo", worked_examples=2)])
    validation, test = suite.held_out(Split.VALIDATION, 20), suite.held_out(Split.TEST, 20)
    assert len(ids(validation)) == len(validation) == 40
    assert len(ids(test)) == len(test) == 40
    assert not ids(validation) & ids(test)
    assert not (ids(validation) | ids(test)) & suite.examples()
    assert len(suite.examples()) == 4


def test_splits_stay_disjoint_when_more_is_held_out_later():
    suite = Suite([gcd()])
    assert not ids(suite.held_out(Split.VALIDATION, 5)) & ids(suite.held_out(Split.TEST, 30))
    assert suite.held_out(Split.TEST, 30)[:10] == suite.held_out(Split.TEST, 10)


def test_a_finite_validation_split_yields_to_the_test_split():
    suite = Suite([Finite(validation=[1, 2, 2, 3, 4], test=[2, 3, 5])])
    assert [p.messages[0].content for p in suite.held_out(Split.TEST, 3)] == ["2", "3", "5"]
    assert [p.messages[0].content for p in suite.held_out(Split.VALIDATION, 2)] == ["1", "4"]
    with pytest.raises(UserError, match=r"finite: only 2 different problems to hold out for validation, 3 are asked"):
        suite.held_out(Split.VALIDATION, 3)


def test_too_little_variety_names_the_task():
    tiny = build("reasoning_gym/gcd", options={"min_value": 2, "max_value": 3})
    with pytest.raises(UserError, match=r"reasoning_gym/gcd: only \d+ different problems to hold out for test, 10 are"):
        Suite([tiny]).held_out(Split.TEST, 10)


def test_training_problems_are_not_held_out():
    with pytest.raises(ValueError, match="train is not held out"):
        Suite([gcd()]).held_out(Split.TRAIN, 1)


def test_judge_and_prompt_go_to_the_problem_s_own_task():
    suite = Suite([gcd(), build("toy/echo")])
    for problem in suite.held_out(Split.TEST, 2):
        task = suite.tasks[problem.task]
        solution = task.worked_solution(problem)
        judge = pickle.loads(pickle.dumps(suite.judge))
        assert judge(problem, solution) == suite.judge(problem, solution) == task.judge(problem, solution)
        assert judge(problem, solution).outcome is Outcome.SOLVED
        assert suite.prompt(problem) == task.prompt(problem)


def test_a_suite_runs_in_a_pool_and_passes_its_own_probes():
    suite = Suite([gcd(), build("toy/copy"), build("reasoning_gym/graph_color")])
    with WorkerPool(suite.judge, workers=1, probes=suite.probes()) as pool:
        assert pool.counts.judged == 6, "an empty text and a solution for each task"
        problems = suite.held_out(Split.TEST, 3)
        verdicts = pool.judge_many((p, suite.tasks[p.task].worked_solution(p) or "") for p in problems)
    assert [v.outcome for v in verdicts] == [Outcome.SOLVED] * 9


@pytest.mark.parametrize(
    ("tasks", "weights", "said"),
    [
        ([], None, "empty"),
        ([Finite(), Finite()], None, "'finite' is in the suite twice"),
        ([Finite(name="overall")], None, "can't be called 'overall'"),
        ([Finite()], [1.0, 2.0], "1 tasks but 2 weights"),
        ([Finite()], [-1.0], "'finite' has weight -1.0"),
        ([Finite()], [float("nan")], "'finite' has weight nan"),
        ([Finite()], [float("inf")], "'finite' has weight inf"),
    ],
)
def test_bad_suites_are_refused(tasks, weights, said):
    with pytest.raises(UserError, match=said):
        Suite(tasks, weights)
