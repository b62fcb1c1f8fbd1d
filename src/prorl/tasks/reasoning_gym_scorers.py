"""Scoring with Reasoning Gym 0.1.25's own scorers, except where they accept wrong answers or reward any text at all.

Three mends: a form that the whole answer must have (some scorers pick the part they like out of a longer text, and
some hand it to sympy, which runs it), a floor at or below which a score is 0 (what a scorer gives for merely writing
something), and scorers of our own (`reasoning_gym_own_scorers`). Partial scores above the floor are the library's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from prorl.tasks.reasoning_gym_own_scorers import SCORERS, Scorer, library_score


class NotOfTheForm(ValueError):
    """The answer is not of the form that the question asks for, so that it is not scored."""


def scorer(name: str) -> Scorer:
    """`score(dataset, answer, entry)` for a data set. It raises NotOfTheForm for an answer unlike what `FORMS` says."""
    form, floor = FORMS.get(name), FLOORS.get(name, 0.0)
    own = SCORERS.get(name)

    def score(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
        if form is not None and not form.fullmatch(answer.strip()):
            raise NotOfTheForm("the answer is not of the form that was asked for")
        given = (own or library_score)(dataset, answer, entry)
        return 0.0 if given <= floor else given

    return score


_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)"
_FUNCTIONS = "sin|cos|tan|cot|sec|csc|asin|acos|atan|sinh|cosh|tanh|exp|log|ln|sqrt|pi|Abs"
_EXPRESSION = re.compile(rf"(?:\s|[-+*/^(),]|\d++(?:\.\d*+)?+|\.\d++|(?:{_FUNCTIONS}|[A-Za-z])(?!\w))++")
"""Numbers, operators, one-letter variables and well-known functions: nothing that means anything to Python but that."""

FORMS: Mapping[str, re.Pattern[str]] = {
    "complex_arithmetic": re.compile(r"[-+\d.\s()ijIJ*]+"),
    "countdown": re.compile(r"[-+*/()\d\s]+"),
    "fraction_simplification": re.compile(r"\$*\s*(?:\\d?frac\s*\{\s*\d+\s*\}\s*\{\s*\d+\s*\}|\d+\s*/\s*\d+)\s*\$*"),
    "gsm_symbolic": re.compile(r"[$€£]?\s*-?\d[\d,]*(?:\.\d+)?\s*%?"),
    "intermediate_integration": _EXPRESSION,
    "kakurasu": re.compile(r"[01\s,]+"),
    "polynomial_equations": re.compile(rf"{_NUMBER}(?:\s*,\s*{_NUMBER})*+"),
    "polynomial_multiplication": _EXPRESSION,
    "puzzle24": re.compile(r"[-+*/()\d\s]+"),
    "quantum_lock": re.compile(r"[A-Ca-c\s,→>-]+"),
    "rush_hour": re.compile(r"[A-Z][+-]\d{1,2}(?:[\s,]+[A-Z][+-]\d{1,2})*"),
    "simple_integration": _EXPRESSION,
    "sokoban": re.compile(r"[LRUDlrud\s,]+"),
    "survo": re.compile(r"[-\d\s]+"),
    "time_intervals": re.compile(r"[-\d:.,\s]*+(?:days?\b)?+[\d:.,\s]*+"),
}
"""What the whole stripped answer must match."""

FLOORS: Mapping[str, float] = {
    "advanced_geometry": 0.05,
    "arc_agi": 0.05,
    "calendar_arithmetic": 0.1,
    "codeio": 0.01,
    "color_cube_rotation": 0.01,
    "countdown": 0.05,
    "cryptarithm": 0.01,
    "emoji_mystery": 0.01,
    "fraction_simplification": 0.1,
    "graph_color": 0.01,
    "group_anagrams": 0.01,
    "jugs": 0.01,
    "knight_swap": 0.05,
    "palindrome_generation": 0.05,
    "power_function": 0.01,
    "prime_factorization": 0.01,
    "propositional_logic": 0.25,
    "rearc": 0.05,
    "rubiks_cube": 0.05,
    "rush_hour": 0.01,
    "sentence_reordering": 0.05,
    "tower_of_hanoi": 0.05,
    "tsumego": 0.05,
}
"""What the library's scorer gives for any text, for any text that parses, or for a tautology: not for a solution."""
