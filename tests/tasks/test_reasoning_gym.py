import decimal
import os
import pickle
import random
import subprocess
import sys

import numpy
import pytest

from prorl.errors import UserError
from prorl.tasks.contract import ENDLESS, Outcome, Problem, Split, Verdict
from prorl.tasks.reasoning_gym import ReasoningGymTask, names
from prorl.tasks.reasoning_gym_library import global_randomness_kept

EASY = {"min_terms": 2, "max_terms": 2, "min_digits": 2, "max_digits": 2}


def task(name="chain_sum", **arguments):
    return ReasoningGymTask(f"reasoning_gym/{name}", **arguments)


def asked(problem):
    return problem.messages[0].content


def test_an_index_always_gives_the_same_problem_whatever_was_drawn_before():
    first, second = task(options=EASY), task(options=EASY)
    first.problem(Split.TRAIN, 7)
    first.problem(Split.TEST, 0)
    again = second.problem(Split.TRAIN, 12345)
    assert first.problem(Split.TRAIN, 12345) == again
    assert first.problem(Split.TRAIN, 12345).payload == again.payload


def test_a_problem_is_the_library_s_own_item_at_seed_plus_index():
    import reasoning_gym

    data = reasoning_gym.create_dataset("chain_sum", **EASY, seed=2 * 10**9, size=10)
    problem = task(options=EASY).problem(Split.TEST, 4)
    assert asked(problem) == data[4]["question"]
    assert problem.payload["answer"] == data[4]["answer"]


def test_splits_are_disjoint_where_there_is_variety():
    large = task(options={"min_terms": 5, "max_terms": 5, "min_digits": 4, "max_digits": 4})
    ids = [{large.problem(split, index).id for index in range(300)} for split in Split]
    assert len(set.union(*ids)) == 300 * len(Split)


def test_what_is_drawn_from_global_state_depends_on_the_item_alone_and_leaves_no_trace():
    def draws(seed):
        with global_randomness_kept(seed):
            return random.random(), numpy.random.rand()

    random.seed(1)
    first, outside = draws(7), random.random()
    assert draws(7) == first != draws(8)
    random.seed(1)
    assert random.random() == outside


def test_indices_past_the_range_of_a_split_are_refused():
    chain_sum = task()
    chain_sum.problem(Split.TRAIN, ENDLESS - 1)
    for index in (-1, ENDLESS):
        with pytest.raises(IndexError, match="chain_sum"):
            chain_sum.problem(Split.TRAIN, index)


def test_worked_examples_are_turns_between_the_instruction_and_the_question():
    two = task(options=EASY, worked_examples=2)
    problem = two.problem(Split.TRAIN, 0)
    turns = two.prompt(problem)
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert turns[-1:] == problem.messages
    assert "<answer>" in turns[0].content
    for example, answer in zip(two.examples(), (turns[2], turns[4]), strict=True):
        assert two.judge(example, answer.content).outcome is Outcome.SOLVED
    assert two.examples()[0].payload["answer"] != two.examples()[1].payload["answer"]
    assert {example.id for example in two.examples()} <= {two.problem(Split.EXAMPLES, i).id for i in range(50)}


def test_the_instruction_can_be_changed_and_left_out():
    problem = task().problem(Split.TRAIN, 0)
    assert task(system="Think.").prompt(problem)[0].content == "Think."
    assert task(system="").prompt(problem) == problem.messages


def test_ids_depend_on_the_question_alone():
    assert task(worked_examples=2, system="x").problem(Split.TRAIN, 3) == task().problem(Split.TRAIN, 3)


def judged(text, answer="7", question="State the final answer to the following arithmetic problem: 3 + 4 ="):
    problem = Problem.of("reasoning_gym/chain_sum", (), {"question": question, "answer": answer, "metadata": {}})
    return task().judge(problem, text)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("<answer>7</answer>", Verdict(1.0, Outcome.SOLVED, 1.0, "7")),
        ("so <answer> 7 </answer>", Verdict(1.0, Outcome.SOLVED, 1.0, "7")),
        ("<answer>7.0</answer>", Verdict(1.0, Outcome.SOLVED, 1.0, "7.0")),
        ("<answer>8</answer>", Verdict(0.0, Outcome.WRONG, 0.0, "8")),
        ("<answer>77</answer>", Verdict(0.5, Outcome.WRONG, 0.5, "77")),
        ("<answer>7", Verdict(0.0, Outcome.UNPARSEABLE, 1.0, "7")),
        ("The answer is 7.", Verdict(0.0, Outcome.UNPARSEABLE, 1.0, "7")),
        ("7", Verdict(0.0, Outcome.UNPARSEABLE, 1.0, "7")),
        ("", Verdict(0.0, Outcome.UNPARSEABLE, 0.0, None)),
        ("<answer></answer>", Verdict(0.0, Outcome.UNPARSEABLE, 0.0, None)),
    ],
)
def test_verdicts(text, verdict):
    assert judged(text) == verdict


def test_an_answer_the_scorer_cannot_read_is_unparseable_and_not_an_error():
    factors = task("prime_factorization")
    problem = factors.problem(Split.TRAIN, 0)
    verdict = factors.judge(problem, "<answer>none</answer>")
    assert (verdict.score, verdict.outcome, verdict.answer) == (0.0, Outcome.UNPARSEABLE, "none")
    assert "ValueError" in verdict.detail


def test_a_scorer_that_refuses_the_right_answer_too_is_let_through():
    factors = task("prime_factorization")
    broken = Problem.of(factors.name, (), {"question": "?", "answer": "two", "metadata": {}})
    with pytest.raises((ValueError, KeyError)):
        factors.judge(broken, "<answer>2 × 3</answer>")


def test_the_same_problems_are_drawn_in_every_process():
    """Strings hash differently in each process, so whatever picks from a set of them is caught here."""
    script = (
        "from prorl.tasks.contract import Split; from prorl.tasks.reasoning_gym import ReasoningGymTask\n"
        "for name in ('chain_sum', 'isomorphic_strings', 'polynomial_multiplication', 'ransom_note', 'word_ladder'):\n"
        "    task = ReasoningGymTask('reasoning_gym/' + name)\n"
        "    for index in (0, 99, 123456789):\n"
        "        problem = task.problem(Split.TRAIN, index)\n"
        "        print(problem.id, problem.payload['answer'])\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
    assert printed.pop().count(b"\n") >= 15


def test_solutions_that_differ_from_process_to_process_are_not_shown():
    with pytest.raises(UserError, match=r"knight_swap.*worked_examples to 0"):
        task("knight_swap", worked_examples=1)


def test_a_problem_whose_answer_is_empty_is_replaced():
    tokens = task("ab", options={"length": 2})
    answers = [tokens.problem(Split.TRAIN, index).payload["answer"] for index in range(200)]
    assert all(answers)
    assert tokens.problem(Split.TRAIN, 3) == task("ab", options={"length": 2}).problem(Split.TRAIN, 3)


# What a user may get wrong


def test_an_unknown_task_is_named_with_the_closest_ones():
    with pytest.raises(UserError, match=r"unknown task 'reasoning_gym/chainsum'; did you mean reasoning_gym/chain_sum"):
        task("chainsum")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_term": 3}, r"unknown option 'max_term'; did you mean 'max_terms'\? valid: min_terms, max_terms"),
        ({"zzz": 3}, "unknown option 'zzz'; valid: min_terms"),
        ({"seed": 3}, "option 'seed' is decided by the splits"),
        ({"size": 3}, "option 'size' is decided by the splits"),
        ({"min_terms": "many"}, "option 'min_terms' cannot be 'many'"),
        ({"min_terms": 2.5}, "option 'min_terms' cannot be 2.5"),
        ({"min_terms": 5, "max_terms": 3}, "max_terms must be >= min_terms"),
        ({"min_terms": 0}, "min_terms must be positive"),
    ],
)
def test_bad_options_are_named_with_the_task(options, said):
    with pytest.raises(UserError, match=said) as caught:
        task(options=options)
    assert "reasoning_gym/chain_sum" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lists_from_a_recipe_become_the_tuples_that_a_config_wants():
    assert "*" in asked(task("basic_arithmetic", options={"operators": ["*"]}).problem(Split.TRAIN, 0))
    task("polynomial_multiplication", options={"variables": ["x", "y", "z"]})


def test_examples_of_a_task_without_answers_are_refused():
    with pytest.raises(UserError, match=r"rubiks_cube.*worked_examples to 0"):
        task("rubiks_cube", options={"cube_size": 4}, worked_examples=1)


def test_more_examples_than_there_are_problems_are_refused():
    with pytest.raises(UserError, match=r"coin_flip.*lower worked_examples from 9"):
        task("coin_flip", options={"min_trials": 1, "max_trials": 1}, worked_examples=9)


# Every data set


@pytest.mark.parametrize("name", names())
def test_every_data_set_keeps_the_contract(name):
    made, again = ReasoningGymTask(name), ReasoningGymTask(name)
    random.seed(1)
    numpy.random.seed(1)
    ours, ours_of_numpy = random.getstate(), numpy.random.get_state()[1].tolist()
    problem = made.problem(Split.TRAIN, 123_456_789)
    assert random.getstate() == ours, "leaves global randomness alone"
    assert numpy.random.get_state()[1].tolist() == ours_of_numpy
    random.seed(2)
    numpy.random.seed(2)
    repeated = again.problem(Split.TRAIN, 123_456_789)
    assert (repeated.id, str(repeated.payload)) == (problem.id, str(problem.payload))

    sent: ReasoningGymTask
    sent, problem = pickle.loads(pickle.dumps((made, problem)))
    sent.prepare()
    for empty in ("", "<answer></answer>", "<answer>"):
        assert (sent.judge(problem, empty).score, sent.judge(problem, empty).outcome) == (0.0, Outcome.UNPARSEABLE)
    for junk in ("junk", "\x00\u202e", "9" * 5000, "[1, 2", "None", "the answer, if any"):
        assert sent.judge(problem, f"<answer>{junk}</answer>").outcome in (Outcome.WRONG, Outcome.UNPARSEABLE)
    solution = sent.worked_solution(problem)
    assert solution is not None
    assert sent.judge(problem, solution).outcome is Outcome.SOLVED


def test_importing_tasks_is_cheap_and_nothing_here_imports_torch():
    script = (
        "import sys; import prorl.tasks.registry, prorl.tasks.suite, prorl.tasks.stream, prorl.verify.pool;"
        "assert not {'reasoning_gym', 'numpy', 'torch', 'transformers'} & set(sys.modules);"
        "prorl.tasks.registry.build('reasoning_gym/chain_sum', worked_examples=1);"
        "import prorl.verify.worker;"
        "assert 'reasoning_gym' in sys.modules; assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_one_task_does_to_decimals_changes_no_other_s_keys():
    def keys():
        chain = task("decimal_chain_sum", options={"min_digits": 5, "max_digits": 8})
        return [chain.problem(Split.TRAIN, index).payload["answer"] for index in range(40)]

    before, precision = keys(), decimal.getcontext().prec
    short = task("decimal_arithmetic", options={"precision": 6})
    problem = short.problem(Split.TRAIN, 0)
    short.judge(problem, short.worked_solution(problem))
    assert decimal.getcontext().prec == precision
    assert keys() == before
    with decimal.localcontext(decimal.Context(prec=5)):
        assert keys() == before
