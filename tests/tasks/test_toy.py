import pickle

import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Outcome, Problem, Split
from prorl.tasks.toy import ALPHABET, SYMBOLS, ToyTask, names


def question(name, word):
    task = ToyTask(name)
    for split in Split:
        for index in range(task.size(split)):
            problem = task.problem(split, index)
            if problem.messages[0].content == word + ">":
                return problem
    raise AssertionError(f"{word} is in no split")


@pytest.mark.parametrize(
    ("name", "word", "answer"),
    [
        ("toy/echo", "ab", "b"),
        ("toy/successor", "ab", "c"),
        ("toy/successor", "ap", "a"),
        ("toy/copy", "ab", "ab"),
        ("toy/reverse", "ab", "ba"),
    ],
)
def test_rules(name, word, answer):
    problem = question(name, word)
    assert ToyTask(name).worked_solution(problem) == answer
    assert ToyTask(name).judge(problem, f" {answer}\n").outcome is Outcome.SOLVED


@pytest.mark.parametrize(
    ("text", "score", "outcome"),
    [
        ("ab", 1.0, Outcome.SOLVED),
        ("ax", 0.5, Outcome.WRONG),
        ("ba", 0.0, Outcome.WRONG),
        ("abc", 2 / 3, Outcome.WRONG),
        ("a", 0.5, Outcome.WRONG),
        ("", 0.0, Outcome.UNPARSEABLE),
    ],
)
def test_partial_scores(text, score, outcome):
    verdict = ToyTask("toy/copy").judge(question("toy/copy", "ab"), text)
    assert (verdict.score, verdict.outcome) == (score, outcome)


@pytest.mark.parametrize("name", names())
def test_every_word_is_in_exactly_one_split_and_written_in_the_alphabet(name):
    task = ToyTask(name, {"symbols": 8, "length": 2})
    words: list[Problem] = [task.problem(split, i) for split in Split for i in range(task.size(split))]
    assert len({problem.id for problem in words}) == len(words) == 8**2
    for problem in words:
        assert set(problem.messages[0].content + task.worked_solution(problem)) <= set(ALPHABET)
    with pytest.raises(IndexError):
        task.problem(Split.TRAIN, task.size(Split.TRAIN))
    with pytest.raises(IndexError):
        task.problem(Split.TRAIN, -1)
    assert pickle.loads(pickle.dumps(task)).problem(Split.TRAIN, 0) == task.problem(Split.TRAIN, 0)


def test_training_words_end_in_every_symbol_and_guessing_hardly_pays():
    task = ToyTask("toy/echo")
    answers = [task.problem(Split.TRAIN, index).payload["answer"] for index in range(task.size(Split.TRAIN))]
    assert set(answers) == set(SYMBOLS)
    assert max(answers.count(symbol) for symbol in SYMBOLS) / len(answers) < 0.1


def test_worked_examples_come_first():
    task = ToyTask("toy/copy", worked_examples=2)
    turns = task.prompt(task.problem(Split.TRAIN, 0))
    assert [turn.role for turn in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert turns[0].content == turns[1].content + ">"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lenght": 2}, "unknown option 'lenght'; valid: length, symbols"),
        ({"length": 0}, "'length' is 0; use a whole number from 1 to 4"),
        ({"symbols": 17}, "'symbols' is 17"),
        ({"symbols": "8"}, "'symbols' is '8'"),
        ({"symbols": 2, "length": 1}, "too few words"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(UserError, match=said):
        ToyTask("toy/echo", options)
