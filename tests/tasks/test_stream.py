import json
from collections import Counter

import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Message, Outcome, Problem, Split, Verdict
from prorl.tasks.registry import build
from prorl.tasks.stream import NothingLeft, ProblemStream
from prorl.tasks.suite import Suite


class Numbers:
    """The numbers below `size`, or without end."""

    def __init__(self, name, size):
        self.name, self._size = name, size

    def size(self, split):
        return self._size

    def problem(self, split, index):
        assert split is Split.TRAIN
        if self._size is not None and index >= self._size:
            raise IndexError(index)
        return Problem.of(self.name, [Message("user", str(index))], {})

    def examples(self):
        return ()

    def prompt(self, problem):
        return problem.messages

    def judge(self, problem, text):
        return Verdict(0.0, Outcome.WRONG)


def take(stream, count):
    return [next(stream) for _ in range(count)]


def suite(**sizes):
    return Suite([Numbers(name, size) for name, size in sizes.items()])


def test_the_same_seed_gives_the_same_problems_and_another_seed_others():
    both = suite(a=None, b=50)
    assert take(ProblemStream(both, 1), 200) == take(ProblemStream(both, 1), 200)
    assert take(ProblemStream(both, 1), 200) != take(ProblemStream(both, 2), 200)


def test_every_stretch_holds_the_tasks_by_weight():
    mixed = Suite([Numbers("a", None), Numbers("b", None), Numbers("c", None), Numbers("off", None)], [3, 2, 1, 0])
    stream = ProblemStream(mixed, 5)
    for _ in range(20):
        assert Counter(problem.task for problem in take(stream, 60)) == {"a": 30, "b": 20, "c": 10}


def test_equal_tasks_do_not_come_in_one_fixed_order():
    stream = ProblemStream(suite(a=None, b=None, c=None), 0)
    rounds = {tuple(problem.task for problem in take(stream, 3)) for _ in range(50)}
    assert len(rounds) == 6, "all orders of three"


def test_a_finite_task_is_walked_through_once_an_epoch_in_a_new_order():
    stream = ProblemStream(suite(a=30), 0)
    epochs = [[problem.messages[0].content for problem in take(stream, 30)] for _ in range(3)]
    assert all(sorted(epoch, key=int) == [str(n) for n in range(30)] for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_problems_of_an_endless_task_hardly_repeat():
    assert len({problem.id for problem in take(ProblemStream(suite(a=None), 0), 2000)}) == 2000


def test_what_is_excluded_or_a_worked_example_is_skipped_and_counted():
    gcd = build("reasoning_gym/gcd", worked_examples=2, options={"min_value": 2, "max_value": 12})
    small = Suite([gcd])
    excluded = small.held_out(Split.TEST, 30)
    stream = ProblemStream(small, 0, excluded)
    asked = {problem.id for problem in take(stream, 500)}
    assert not asked & ({problem.id for problem in excluded} | small.examples())
    assert stream.skipped["reasoning_gym/gcd"] > 50


def test_a_question_that_is_held_out_is_not_asked_by_another_task_either():
    """As the same competition problem in two data sets."""
    both = suite(a=20, b=20)
    held = [both.tasks["a"].problem(Split.TRAIN, index) for index in (3, 4)]
    words = {problem.messages[0].content for problem in held}
    asked = take(ProblemStream(both, 0, held), 200)
    assert words.isdisjoint(problem.messages[0].content for problem in asked)
    assert {problem.task for problem in asked} == {"a", "b"}


def test_another_suite_goes_on_where_its_tasks_stood_and_asks_retired_problems_again():
    before, after = suite(a=None, b=None), suite(a=None, c=None)
    stream, whole = ProblemStream(before, 5), ProblemStream(suite(a=None), 5)
    seen = take(stream, 40)
    stream.retire([seen[0].id])
    stream.switch(after)
    assert stream.state_dict()["retired"] == []
    later = take(stream, 40)
    assert {problem.task for problem in later} == {"a", "c"}
    of_a = [problem for problem in seen + later if problem.task == "a"]
    assert of_a == take(whole, len(of_a))  # no problem twice because of a switch
    stream.switch(before)
    assert {problem.task for problem in take(stream, 10)} == {"a", "b"}


@pytest.mark.parametrize("steps", [0, 1, 37, 130])
def test_a_resumed_stream_goes_on_as_if_unbroken(steps):
    both = suite(a=None, b=20)
    excluded = [both.tasks["b"].problem(Split.TRAIN, index) for index in (3, 4)]
    unbroken = ProblemStream(both, 9, excluded)
    take(unbroken, steps)
    unbroken.retire([both.tasks["b"].problem(Split.TRAIN, 7).id])
    state = json.loads(json.dumps(unbroken.state_dict()))
    resumed = ProblemStream(both, 9, excluded)
    resumed.load_state_dict(state)
    assert take(resumed, 100) == take(unbroken, 100)
    assert resumed.state_dict() == unbroken.state_dict()


def test_a_saved_state_does_not_change_with_the_stream():
    stream = ProblemStream(suite(a=None), 0)
    state = stream.state_dict()
    before = json.dumps(state)
    take(stream, 5)
    stream.retire(["x"])
    assert json.dumps(state) == before


def test_a_state_of_another_stream_is_refused():
    state = ProblemStream(suite(a=None), 1).state_dict()
    with pytest.raises(UserError, match="saved with seed 1, this one has 2"):
        ProblemStream(suite(a=None), 2).load_state_dict(state)
    with pytest.raises(UserError, match="other tasks; these differ: a, b"):
        ProblemStream(suite(b=None), 1).load_state_dict(state)


def test_retired_problems_are_not_asked_again():
    one = suite(a=10)
    retired = {one.tasks["a"].problem(Split.TRAIN, index).id for index in range(4)}
    stream = ProblemStream(one, 0, retired=retired)
    assert len({problem.id for problem in take(stream, 100)}) == 6
    gone = next(stream).id
    stream.retire([gone])
    assert gone not in {problem.id for problem in take(stream, 100)}


@pytest.mark.parametrize("size", [5, None])
def test_a_task_of_which_nothing_is_left_is_named_with_the_remedy(size):
    class OneQuestion(Numbers):
        def problem(self, split, index):
            return Problem.of(self.name, [Message("user", "always the same")], {})

    same = Suite([OneQuestion("same", size)])
    stream = ProblemStream(same, 0, [same.tasks["same"].problem(Split.TRAIN, 0)])
    with pytest.raises(UserError, match=r"same: zero prompts after filtering.*hold out fewer"):
        next(stream)


def test_the_last_problem_left_is_still_found():
    one = suite(a=100)
    stream = ProblemStream(one, 0, [one.tasks["a"].problem(Split.TRAIN, index) for index in range(99)])
    assert {problem.messages[0].content for problem in take(stream, 20)} == {"99"}


def test_an_empty_training_split_is_named():
    with pytest.raises(UserError, match="a: zero prompts: its training split is empty"):
        next(ProblemStream(suite(a=0), 0))


def test_weights_that_are_all_zero_are_refused():
    with pytest.raises(UserError, match="all weights"):
        ProblemStream(Suite([Numbers("a", None)], [0.0]), 0)


def ids(task, count):
    return [task.problem(Split.TRAIN, index).id for index in range(count)]


def test_a_task_of_which_only_retired_problems_are_left_leaves_the_others_their_shares():
    mixed = Suite([Numbers("a", 10), Numbers("b", None), Numbers("c", None)], [2, 2, 1])
    stream = ProblemStream(mixed, 3)
    take(stream, 50)
    assert (stream.exhausted, stream.left) == (frozenset(), 3)
    stream.retire(ids(mixed.tasks["a"], 10))
    assert Counter(problem.task for problem in take(stream, 60)) == {"b": 40, "c": 20}
    assert (stream.exhausted, stream.left) == ({"a"}, 2)


def test_a_task_whose_other_problems_are_held_out_is_exhausted_by_the_last_retired_one():
    both = suite(a=10, b=None)
    held = [both.tasks["a"].problem(Split.TRAIN, index) for index in range(9)]
    stream = ProblemStream(both, 0, held)
    assert {problem.task for problem in take(stream, 20)} == {"a", "b"}
    stream.retire(ids(both.tasks["a"], 10))
    assert {problem.task for problem in take(stream, 20)} == {"b"}


def test_when_all_problems_are_retired_it_says_so_until_another_stage_asks_them_again():
    both = suite(a=10, b=5)
    stream = ProblemStream(both, 0)
    stream.retire(ids(both.tasks["a"], 10) + ids(both.tasks["b"], 5))
    for _ in range(2):
        with pytest.raises(NothingLeft, match=r"no problem is left to ask: those of a, b are retired"):
            next(stream)
        assert stream.left == 0
    stream.switch(both)
    assert (stream.exhausted, stream.left) == (frozenset(), 2)
    assert {problem.task for problem in take(stream, 20)} == {"a", "b"}


@pytest.mark.parametrize("cut", [0, 3, 11, 40])
def test_what_is_exhausted_is_restored_exactly(cut):
    """One task is retired bit by bit, as a gate does it."""
    three = suite(a=10, b=20, c=None)

    def go_on(stream, steps):
        asked = []
        for _ in range(steps):
            asked.append(next(stream))
            if asked[-1].task == "a":
                stream.retire([asked[-1].id])
        return asked

    unbroken, resumed = ProblemStream(three, 9), ProblemStream(three, 9)
    go_on(unbroken, cut)
    resumed.load_state_dict(json.loads(json.dumps(unbroken.state_dict())))
    assert go_on(resumed, 100) == go_on(unbroken, 100)
    assert resumed.exhausted == unbroken.exhausted == {"a"}
    assert resumed.state_dict() == unbroken.state_dict()


def test_a_state_from_before_tasks_could_be_exhausted_is_taken():
    stream = ProblemStream(suite(a=10), 9)
    state = {name: value for name, value in stream.state_dict().items() if name != "exhausted"}
    stream.load_state_dict(state)
    assert stream.exhausted == frozenset()


def test_going_back_keeps_what_is_exhausted_as_it_keeps_what_is_retired():
    both = suite(a=10, b=None)
    stream = ProblemStream(both, 0)
    before = stream.state_dict()
    stream.retire(ids(both.tasks["a"], 10))
    take(stream, 10)
    stream.go_back(before)
    assert stream.exhausted == {"a"}
