"""Small tasks of five domains for a model of 135M parameters: what recipe `laptop-prorl` asks.

Eight tasks have four levels, programming has two of them, choices none. A level is a size (of words, numbers, programs)
or, in instructions, how many have to be followed at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEVELS = range(1, 5)

_MATH = ["fraction_sum", "percent_chain", "arithmetic_sum", "linear_equation"]
_LINES = [
    "divisible", "sum_above", "every_kth", "clip", "pairs", "inversions", "windows", "is_arithmetic", "climbs",
    "primes", "power", "count_letter", "drop_letter", "caesar", "long_words", "after_letter", "is_palindrome",
]  # fmt: skip
_PROGRAMS = [
    "rotate", "distinct", "largest_gap", "running", "longest_run", "best_sum", "mode", "second", "subset", "change",
    "digit_sum", "in_base", "coprime", "collatz", "sequence", "run_lengths", "brackets", "subsequence", "edit",
]  # fmt: skip
"""Exercises that one line solves, and others. More levels would leave too few questions to hold out."""


def _words(*spans: tuple[int, int]) -> list[dict[str, Any]]:
    return [{"min_words": fewest, "max_words": most} for fewest, most in spans]


FAMILIES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "reasoning_gym/spell_backward": [
        {"min_word_len": shortest, "max_word_len": longest} for shortest, longest in ((3, 4), (5, 6), (7, 8), (9, 10))
    ],
    "reasoning_gym/letter_counting": _words((2, 3), (4, 6), (7, 10), (11, 15)),
    "reasoning_gym/word_sequence_reversal": _words((2, 3), (4, 5), (6, 7), (8, 10)),
    "reasoning_gym/number_sorting": [
        {"min_numbers": fewest, "max_numbers": most, "min_value": 0, "max_value": 99, "max_decimals": 0}
        for fewest, most in ((3, 3), (4, 5), (6, 7), (8, 10))
    ],
    "reasoning_gym/chain_sum": [
        {"min_terms": terms, "max_terms": terms, "min_digits": fewest, "max_digits": most}
        for terms, fewest, most in ((2, 1, 1), (2, 2, 2), (3, 2, 2), (4, 2, 3))
    ],
    "reasoning_gym/leg_counting": [
        {"min_animals": kinds, "max_animals": kinds, "max_instances": most}
        for kinds, most in ((1, 5), (1, 15), (2, 9), (3, 9))
    ],
    "math/generated": [{"level": level, "kinds": _MATH} for level in LEVELS],
    "instructions/generated": [{"constraints": [count, count]} for count in LEVELS],
}
"""The options of every level, by task."""

CODE = "code/builtin"
CODE_LEVELS: Mapping[int, Mapping[str, Any]] = {2: {"exercises": _LINES}, 4: {"exercises": _PROGRAMS}}
"""The options of those levels that programming has."""

CHOICES = "stem/generated_choice"
HELD_OUT_SUBJECTS = ("chemistry", "biology")
"""Of the choices between quantities, which have no levels. Physics is asked."""

HELD_OUT = {"reasoning_gym/count_bits": {"max_n": 31}, "reasoning_gym/gcd": {"max_value": 30}}
"""Tasks that are never learnt, and their options."""
