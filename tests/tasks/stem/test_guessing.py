"""Nothing that is read off the options of a choice alone finds the right one more often than guessing does."""

import random
import re
from collections import defaultdict
from math import log
from statistics import median

import numpy as np
import pytest

from prorl.tasks.contract import Split
from prorl.tasks.registry import build
from prorl.tasks.stem.generated import FORMULAS

LEARNT, ASKED = 1800, 1200
SLIPS = np.log([1.25, 1.5, 2, 3.14, 4, 9.81, 10])
FEATURES = 17
NUMBER = re.compile(r"([\d.]+)(?: × 10\^(-?\d+))?")


class Choice:
    """One problem's options as a guesser sees them, and the place of the right one."""

    def __init__(self, problem):
        self.options = problem.payload["options"]
        self.kind = (problem.payload["kind"], NUMBER.sub("", self.options[0]))
        self.right = "ABCD".index(problem.payload["answer"])
        self.values = [value(option) for option in self.options]
        self.logs = np.log(self.values)
        self.digits = [NUMBER.match(option)[1].replace(".", "").strip("0") for option in self.options]
        self.misfits = [[misfit(one - other) for other in self.logs] for one in self.logs]
        self.chance = random.Random(problem.id)

    def most(self, costs):
        """The place with the lowest cost, drawn where several share it."""
        return self.chance.choice([place for place in range(4) if costs[place] == min(costs)])


def value(option):
    number = NUMBER.match(option)
    return float(number[1]) * 10 ** int(number[2] or 0)


def misfit(distance):
    """How far a logarithmic distance is from that of the nearest slip; the distance to itself fits."""
    return 0.0 if distance == 0 else min(abs(abs(distance) - SLIPS))


def shared(choice, begin):
    """For each option, minus the number of others that begin with its first digits."""
    return [-sum(other[:begin] == one[:begin] for other in choice.digits) for one in choice.digits]


def roundest(choice):
    return [len(digits) for digits in choice.digits]


def most_ratios(choice):
    return [-sum(off < 0.01 for off in row) for row in choice.misfits]


def middle(choice):
    return abs(choice.logs - choice.logs.mean())


RULES = {
    "all its ratios come from slips": lambda choice: [max(row) for row in choice.misfits],
    "its ratios come from slips on the whole": lambda choice: [sum(row) for row in choice.misfits],
    "most of its ratios come from slips": most_ratios,
    "it shares its digits": lambda choice: shared(choice, 9),
    "it shares its first three digits": lambda choice: shared(choice, 3),
    "it shares its first digit": lambda choice: shared(choice, 1),
    "it is in the middle": middle,
    "it is outermost": lambda choice: -middle(choice),
    "its neighbours are near": lambda choice: [sorted(abs(choice.logs - one))[1] for one in choice.logs],
    "it is the roundest": roundest,
    "it is the least round": lambda choice: [-length for length in roundest(choice)],
    "it is the longest": lambda choice: [-len(option) for option in choice.options],
    "it is the shortest": lambda choice: [len(option) for option in choice.options],
    "it has no power of ten": lambda choice: ["×" in option for option in choice.options],
    "its first digit is low": lambda choice: [digits[:1] for digits in choice.digits],
    "its last digit is even": lambda choice: [digits[-1:] not in "02468" for digits in choice.digits],
    **{f"it is {letter}": lambda choice, n=n: [place != n for place in range(4)] for n, letter in enumerate("ABCD")},
    **{f"{n} are smaller": lambda choice, n=n: abs(choice.logs.argsort().argsort() - n) for n in range(4)},
}


@pytest.fixture(scope="module")
def learnt():
    task = build("stem/generated_choice")
    return [Choice(task.problem(Split.TRAIN, index)) for index in range(LEARNT)]


@pytest.fixture(scope="module")
def asked():
    task = build("stem/generated_choice")
    return [Choice(task.problem(Split.TEST, index)) for index in range(ASKED)]


def assert_guesses(hits):
    """Four standard errors either way of one in four."""
    assert abs(sum(hits) / len(hits) - 0.25) < 4 * (0.25 * 0.75 / len(hits)) ** 0.5, sum(hits) / len(hits)


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_of_thumb_beats_guessing(asked, rule):
    assert_guesses([choice.most(list(RULES[rule](choice))) == choice.right for choice in asked])


def test_the_result_that_is_usual_for_the_formula_is_no_better_guess(learnt, asked):
    results = defaultdict(list)
    for choice in learnt:
        results[choice.kind].append(choice.logs[choice.right])
    usual = {kind: median(logs) for kind, logs in results.items()}
    for sign in (1, -1):
        hits = [c.most(list(sign * abs(c.logs - usual[c.kind]))) == c.right for c in asked if c.kind in usual]
        assert_guesses(hits)


def features(choice):
    """[4, FEATURES]: what a guesser may see in each option, each column with a mean of 0 over the options."""
    columns = [
        *(choice.logs.argsort().argsort() == rank for rank in range(3)),
        *(np.arange(4) == place for place in range(3)),
        *(RULES[name](choice) for name in list(RULES)[:3]),
        *(shared(choice, begin) for begin in (1, 2, 3)),
        middle(choice),
        roundest(choice),
        [len(option) for option in choice.options],
        ["×" in option for option in choice.options],
        [int(digits[:1] or 0) for digits in choice.digits],
    ]
    table = np.array(columns, dtype=float).T
    return table - table.mean(axis=0)


def test_a_fitted_classifier_guesses(learnt, asked):
    """A softmax over the options of linear scores, fitted on the training split and asked about the test split."""
    seen, unseen = (np.stack([features(choice) for choice in choices]) for choices in (learnt, asked))
    assert seen.shape == (LEARNT, 4, FEATURES)
    scale = seen.std(axis=(0, 1)) + 1e-9
    right = np.eye(4)[[choice.right for choice in learnt]]
    weights = np.zeros(seen.shape[2])
    for _ in range(400):
        scores = np.exp(seen / scale @ weights)
        slope = (scores / scores.sum(axis=1, keepdims=True) - right)[:, :, None] * seen / scale
        weights -= 0.5 * slope.sum(axis=1).mean(axis=0)
    picked = (unseen / scale @ weights).argmax(axis=1)
    assert_guesses(picked == [choice.right for choice in asked])


def test_every_option_is_the_right_one_of_another_question():
    """6/d with a diameter of three digits: an option that no diameter gives would be known to be wrong."""
    task = build("stem/generated_choice", options={"formulas": ["surface_to_volume"]})
    for index in range(40):
        for option in task.problem(Split.TRAIN, index).payload["options"]:
            diameter = float(f"{6 / value(option):.2e}")
            assert value(option) == pytest.approx(6 / diameter, rel=5.1e-4)


@pytest.mark.parametrize(
    ("kind", "highest"),
    [
        ("carrier_frequency", 0.5),
        ("carriers_from_disease", 0.5),
        ("carnot_efficiency", 0.8),
        ("ph_of_strong_acid", 4.4),
        ("ph_of_buffer", 12),
        ("body_mass_index", 54),
    ],
)
def test_no_option_is_impossible(kind, highest):
    task = build("stem/generated_choice", options={"formulas": [kind]})
    for index in range(40):
        options = task.problem(Split.TRAIN, index).payload["options"]
        assert max(value(option) * (0.01 if option.endswith("%") else 1) for option in options) <= highest, options


@pytest.mark.parametrize("kind", FORMULAS)
def test_options_are_far_enough_apart(kind):
    task = build("stem/generated_choice")
    for index in range(8):
        choice = Choice(task.draw(kind, random.Random(f"{kind}/{index}")))
        assert np.diff(np.sort(choice.logs)).min() > log(1.2), choice.options
