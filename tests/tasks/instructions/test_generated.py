import itertools
import json
import random
import subprocess
import sys

import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Outcome, Split
from prorl.tasks.instructions import stock, topics
from prorl.tasks.instructions.catalogue import CATALOGUE, given
from prorl.tasks.instructions.conflicts import compatible
from prorl.tasks.instructions.generated import NAME, GeneratedInstructions
from prorl.tasks.registry import build


@pytest.fixture(scope="module")
def task():
    return GeneratedInstructions()


def types_of(problem):
    return [id_ for id_, _ in problem.payload["instructions"]]


def assert_solved(task, problem):
    verdict = task.judge(problem, task.worked_solution(problem))
    assert verdict.outcome is Outcome.SOLVED, f"{verdict.detail}\n{problem}\n{task.worked_solution(problem)}"


def test_a_thousand_worked_solutions_follow_all_of_their_instructions(task):
    seen = set()
    for split in Split:
        for index in range(250):
            problem = task.problem(split, index)
            types = types_of(problem)
            assert 1 <= len(types) <= 4
            assert all(compatible(*pair) for pair in itertools.combinations(types, 2))
            assert_solved(task, problem)
            seen.update(types)
    assert seen == set(CATALOGUE)


@pytest.mark.parametrize("size", [2, 3])
def test_all_types_that_are_said_to_go_together_do(task, size):
    together = [
        list(types)
        for types in itertools.combinations(sorted(CATALOGUE), size)
        if all(compatible(*pair) for pair in itertools.combinations(types, 2))
    ]
    rng = random.Random(size)
    for types in together if size == 2 else rng.sample(together, 400):
        for form in rng.sample(sorted(topics.FORMS.values()), 2 if size == 2 else 1):
            problem = task.composed(form, rng.sample(types, size), rng)
            assert sorted(types_of(problem)) == types
            assert_solved(task, problem)
    assert len(together) > (180 if size == 2 else 700)


def test_what_goes_together_does_so_both_ways_and_nothing_goes_with_itself():
    for one, other in itertools.product(CATALOGUE, repeat=2):
        assert compatible(one, other) is compatible(other, one)
        assert not (one == other and compatible(one, other))
    partners = {one: sum(compatible(one, other) for other in CATALOGUE) for one in CATALOGUE}
    assert partners.pop("detectable_format:constrained_response") == 0
    assert min(partners.values()) >= 5


def test_an_answer_that_ignores_the_instructions_solves_nothing(task):
    for options in ({}, {"constraints": [1, 1]}):
        task = build(NAME, options=options)
        problems = [task.problem(Split.TRAIN, index) for index in range(150)]
        verdicts = [task.judge(problem, text) for problem in problems for text in ("", "7", "Sure!", "i see", "*" * 99)]
        assert not [verdict for verdict in verdicts if verdict.outcome is Outcome.SOLVED]
        assert sum(verdict.score for verdict in verdicts) / len(verdicts) < 0.2


def test_prompts_say_every_instruction_and_no_solution(task):
    for index in range(200):
        problem = task.problem(Split.TRAIN, index)
        [message] = problem.messages
        assert message.role == "user"
        assert "{" not in message.content.replace('{"', "")
        for id_, arguments in problem.payload["instructions"]:
            for name, value in arguments.items():
                shown = stock.LANGUAGES[value] if name == "language" else value
                for entry in shown if isinstance(shown, list) else [shown]:
                    assert str(entry) in message.content, (id_, name, message.content)
        payload = json.loads(json.dumps(problem.payload["instructions"]))
        ids, arguments = zip(*payload, strict=True)
        assert given(ids, arguments) == problem.payload["instructions"]


def test_splits_share_no_question_and_draws_are_the_same_in_every_process(task):
    asked = {split: [task.problem(split, index) for index in range(150)] for split in Split}
    ids = {split: {problem.id for problem in problems} for split, problems in asked.items()}
    assert not any(ids[one] & ids[other] for one, other in itertools.combinations(Split, 2))
    assert len(ids[Split.TRAIN]) > 145
    code = (
        "from prorl.tasks.instructions.generated import *\nfrom prorl.tasks.contract import Split\n"
        "print([GeneratedInstructions().problem(Split.TRAIN, index).id for index in range(5)])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == str([problem.id for problem in asked[Split.TRAIN][:5]])


def request_of(problem):
    """What is asked for, in no particular words or order."""
    return (
        problem.payload["form"],
        problem.payload["topic"],
        frozenset(
            (id_, name, frozenset(value) if isinstance(value, list) else value)
            for id_, arguments in problem.payload["instructions"]
            for name, value in ({"": None} | arguments).items()
            if name != "prompt_to_repeat"
        ),
    )


@pytest.mark.parametrize("constraints", [[1, 1], [2, 2], [3, 3], [4, 4], [1, 4]])
def test_splits_share_no_request_in_whatever_words(constraints):
    """Of one instruction there are so few requests that a hundred of a thousand would be in two splits otherwise."""
    task = build(NAME, options={"constraints": constraints})
    asked = {split: [task.problem(split, index) for index in range(400)] for split in Split}
    for of in (request_of, lambda problem: " ".join(problem.messages[-1].content.split())):
        seen = {split: {of(problem) for problem in problems} for split, problems in asked.items()}
        assert not any(seen[one] & seen[other] for one, other in itertools.combinations(Split, 2))


def test_other_words_and_another_order_are_in_the_same_split():
    task, rng, homes = GeneratedInstructions(), random.Random(0), {}
    types = ["detectable_format:number_bullet_lists", "detectable_content:postscript", "combination:repeat_prompt"]
    for _ in range(3000):
        problem = task.composed("a poem", rng.sample(types, 3), rng)
        homes.setdefault(request_of(problem), {})[problem.id] = task.dealt_by(problem)
    several = [dealt for dealt in homes.values() if len(dealt) > 1]
    assert len(several) > 100
    assert all(len(set(dealt.values())) == 1 for dealt in several)
    assert len({number for dealt in homes.values() for number in dealt.values()}) == len(homes)


def test_global_randomness_is_neither_used_nor_disturbed(task):
    random.seed(3)
    state = random.getstate()
    first = [task.problem(Split.TEST, index) for index in range(20)]
    assert random.getstate() == state
    random.seed(4)
    assert [task.problem(Split.TEST, index) for index in range(20)] == first


@pytest.mark.parametrize(("constraints", "sizes"), [([1, 1], {1}), ([2, 3], {2, 3}), ([4, 4], {4})])
def test_the_number_of_instructions_is_an_option(constraints, sizes):
    task = build(NAME, options={"constraints": constraints})
    problems = [task.problem(Split.TRAIN, index) for index in range(40)]
    assert {len(types_of(problem)) for problem in problems} == sizes
    assert all("detectable_format:constrained_response" not in types_of(p) for p in problems if min(sizes) > 1)


@pytest.mark.parametrize("constraints", [[0, 2], [3, 2], [1, 5], [1], 3, "13", [1.0, 2], [True, 2], None])
def test_bad_numbers_of_instructions_are_refused(constraints):
    with pytest.raises(UserError, match=r"'constraints' is .*; use two whole numbers from 1 to 4, such as"):
        build(NAME, options={"constraints": constraints})


def test_worked_examples_are_shown_with_solutions_that_solve_them():
    task = build(NAME, worked_examples=3)
    turns = task.prompt(task.problem(Split.TRAIN, 0))
    assert [turn.role for turn in turns] == ["user", "assistant"] * 3 + ["user"]
    for example, turn in zip(task.examples(), turns[1::2], strict=True):
        assert task.judge(example, turn.content).outcome is Outcome.SOLVED


def test_stock_topics_and_forms_stay_out_of_the_way_of_instructions():
    english = [*stock.ENGLISH, *topics.TOPICS, *topics.FORMS.values(), *stock.END_PHRASES, *stock.PLACEHOLDERS]
    words = [word for group in stock.WORDS.values() for word in group]
    assert len(set(topics.TOPICS)) >= 40
    assert len(set(words)) == len(words)
    for text in [*english, *stock.FIRST_WORDS]:
        assert not set(text.lower()) & set(topics.RARE_LETTERS), text
        assert not [word for word in words if word in text.lower()], text
        assert not [word for word in text.split() if word.strip(".").isupper()], text
    for text in [*english, *(sentence for sentences in stock.OTHERS.values() for sentence in sentences)]:
        assert "," not in text
        assert not set('*[]<>"') & set(text)
    assert not [word for word in words if set(word) & set(topics.RARE_LETTERS)]
