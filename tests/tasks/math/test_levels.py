"""From one level of generated exercises to the next, problems change and don't get smaller."""

import itertools
import random
import re
from math import log2

import pytest

from prorl.tasks.math.exercise import LEVELS
from prorl.tasks.math.generated import KINDS

DRAWS = 200
NEW_RULE = {("derivative", 3), ("derivative", 4)}
"""Levels whose formulas are shorter than those of the level before: they need the chain rule and the product rule."""


def drawn(kind, level):
    return [KINDS[kind](random.Random(f"{kind}/{index}"), level) for index in range(DRAWS)]


def size(exercise):
    """Bits of all numbers in an exercise and its solution; of capital letters in a row each counts as one."""
    text = f"{exercise.question} {exercise.solution}"
    words = sum(len(word) for word in re.findall("[A-Z]{2,}", text))
    return words + sum(log2(1 + int(digits)) for digits in re.findall("[0-9]+", text))


@pytest.mark.parametrize("kind", KINDS)
def test_each_level_differs_from_the_one_before_and_is_no_smaller(kind):
    levels = [drawn(kind, level) for level in LEVELS]
    for level, (easier, harder) in zip(LEVELS[1:], itertools.pairwise(levels), strict=True):
        equal = sum(one.question == other.question for one, other in zip(easier, harder, strict=True))
        assert equal <= 0.85 * DRAWS, f"{equal} of {DRAWS} of level {level} are those of the level before"
        if (kind, level) not in NEW_RULE:
            assert sum(map(size, harder)) > sum(map(size, easier)), f"level {level} is smaller than the one before"
