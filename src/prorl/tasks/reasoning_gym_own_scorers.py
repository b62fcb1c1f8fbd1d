"""Scorers of ours, in the place of those of Reasoning Gym that take wrong answers for right ones (`SCORERS`)."""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from prorl.tasks import reasoning_gym_boxnet, reasoning_gym_rush_hour
from prorl.tasks.arithmetic import NotArithmetic, value
from prorl.tasks.reasoning_gym_sums import reaches_24, reaches_target

Scorer = Callable[[Any, str, dict[str, Any]], float]
"""`score(dataset, answer, entry)`."""

_NOT_QUITE = 0.8
"""The most that is given for what is no solution."""

_WRITTEN_NUMBER = re.compile(r"\s*[-+]?(?:\d{1,100}(?:\.\d{0,100})?|\.\d{1,100})(?:[eE][-+]?\d{1,2})?\s*", re.ASCII)
_DURATION = re.compile(r"(?:(-?\d+)(?:\s+days?)?(?![\d:]),?\s*)?(?:(-?\d+):(\d+)(?::(\d+(?:\.\d+)?))?)?", re.ASCII)
"""Days, hours, minutes and seconds: `5 days`, `-05:30`, `5 days, 05:30:00`, `05:30:00.250`."""
_NEAR = Decimal("1e-9")
"""Relative deviation that comes from rounding on the way."""


def library_score(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    """The library's score; where that is its default, the part of the answer that is the right one, as whole words.

    The default itself takes 7 to be part of 1712, and No of None.
    """
    from reasoning_gym.dataset import ProceduralDataset

    if type(dataset).score_answer is not ProceduralDataset.score_answer:
        return float(dataset.score_answer(answer, entry))
    return 1.0 if answer == entry["answer"] else _part(answer, entry["answer"])


def _part(answer: str, right: str) -> float:
    """The share of the answer that is the right one, if it is in there as whole words."""
    inside = re.search(rf"(?<![\w.-]){re.escape(right)}(?!\w|\.\w)", answer)
    return len(right) / len(answer) if right and inside else 0.0


def _full_or_part(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given = library_score(dataset, answer, entry)
    return given if given in (0.0, 1.0) else min(given, _part(answer, entry["answer"].strip()))


def _same_truth_value(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    return float(answer.strip().lower() == str(entry["answer"]).lower())


def _full_only_if_equal(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    same = answer.strip().lower() == entry["answer"].strip().lower()
    return 1.0 if same else min(library_score(dataset, answer, entry), _NOT_QUITE)


def _full_only_if_near(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given, right = (Fraction(text.strip().replace(",", "")) for text in (answer, entry["answer"]))
    return 1.0 if abs(given - right) <= Fraction(1, 10_000) else min(library_score(dataset, answer, entry), _NOT_QUITE)


def _same_number(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given, right = (Fraction(re.sub(r"[^\d.-]", "", text)) for text in (answer, entry["answer"]))
    return float(given == right)


def _same_numbers(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    """1 for a list of the same numbers, as strings or not, in the same order."""
    given, right = _numbers(answer), _numbers(entry["answer"])
    return float(given is not None and given == right)


def _numbers(text: str) -> list[Fraction] | None:
    """The exact numbers in a list; None if it is no list or holds anything else."""
    try:
        found = json.loads(text.replace("'", '"'), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(
        isinstance(item, str) and _WRITTEN_NUMBER.fullmatch(item) for item in found
    ):
        return None
    return [Fraction(item) for item in found]


def _full_only_if_all_words(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given, right = ([word.strip() for word in text.split(",")] for text in (answer, entry["answer"]))
    return 1.0 if given == right else min(library_score(dataset, answer, entry), _NOT_QUITE)


def _full_only_if_same_letters(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given, right = ("".join(text.split()).lower() for text in (answer, entry["answer"]))
    return 1.0 if given == right else min(library_score(dataset, answer, entry), _NOT_QUITE)


def _full_only_if_same_board(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given = library_score(dataset, answer, entry)
    return given if given < 1.0 or json.loads(answer) == json.loads(entry["answer"]) else _NOT_QUITE


def _full_only_if_same_people(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given = library_score(dataset, answer, entry)
    return given if given < 1.0 or _people(answer) == _people(entry["answer"]) else _NOT_QUITE


def _people(text: str) -> set[tuple[str | None, str | None]]:
    """Names and roles in turn, where only what joins them is passed over."""
    words = [word for word in re.sub("[.,()]", " ", text.lower()).split() if word not in ("is", "a", "an", "and")]
    return set(zip_longest(words[::2], words[1::2]))


def _full_only_if_same_duration(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    given = library_score(dataset, answer, entry)
    return given if given < 1.0 or _duration(answer) == _duration(entry["answer"]) else _NOT_QUITE


def _duration(text: str) -> tuple[bool, Fraction] | None:
    """Whether it begins with a minus, and the seconds; None for what is no duration."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return None
    days, hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
    return text.strip().startswith("-"), ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _to_the_last_digit(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    """1 for a decimal with the digits that were asked for, or with more that round to them.

    Right is what the library works out, rounding after each step, and what rounding in the end gives.
    """
    if not _WRITTEN_NUMBER.fullmatch(answer):
        return 0.0
    given, asked = Decimal(answer.strip()), dataset.config.precision
    rounded = decimal.Context(prec=asked, rounding=decimal.ROUND_HALF_UP)
    right = [Decimal(entry["answer"])]
    with suppress(NotArithmetic):
        exact = value(entry["question"].splitlines()[-1].partition("=")[0])
        right.append(rounded.divide(Decimal(exact.numerator), Decimal(exact.denominator)))
    return float(any(_near(given, one) or (_digits(one) == asked and rounded.plus(given) == one) for one in right))


def _near(given: Decimal, right: Decimal) -> bool:
    with decimal.localcontext(decimal.Context(prec=250)):
        return abs(given - right) <= _NEAR * abs(right)


def _digits(number: Decimal) -> int:
    return len(number.as_tuple().digits)


SCORERS: Mapping[str, Scorer] = {
    "boxnet": reasoning_gym_boxnet.score,
    "coin_flip": _full_only_if_near,
    "countdown": reaches_target,
    "decimal_arithmetic": _to_the_last_digit,
    "figlet_font": _full_only_if_same_letters,
    "game_of_life": _full_only_if_same_board,
    "game_of_life_halting": _same_truth_value,
    "gsm_symbolic": _same_number,
    "knights_knaves": _full_only_if_same_people,
    "letter_jumble": _full_only_if_equal,
    "manipulate_matrix": _full_or_part,
    "number_sorting": _same_numbers,
    "puzzle24": reaches_24,
    "rush_hour": reasoning_gym_rush_hour.score,
    "spell_backward": _full_only_if_equal,
    "time_intervals": _full_only_if_same_duration,
    "word_sorting": _full_only_if_all_words,
}
"""Ours, because the library's

- `boxnet` passes over moves that are not possible, so that one plan which tries all of them solves every problem;
- `coin_flip` gives 1 for 11 where 1 is right, since one begins with the other;
- `countdown` and `puzzle24` hand the answer to sympy, which runs it; `puzzle24` accepts other numbers than those given,
  and 24.9 for 24;
- `decimal_arithmetic` asks for 12 digits and takes 3 places for enough;
- `figlet_font` gives 0.1 for each right letter, so that ten are enough;
- `game_of_life` looks only at the cells that there should be, whatever rows and columns there are besides;
- `game_of_life_halting` compares `bool(text)`, so that any answer is right;
- `gsm_symbolic` takes the first number without its sign;
- `knights_knaves` looks for names before roles, also behind words that say the opposite;
- `manipulate_matrix` looks for the right answer inside of a longer one as the default does;
- `number_sorting` lets each number be off by 1, and not a number is never off by more;
- `rush_hour` passes over moves that are not possible, so that many moves at random solve some boards;
- `time_intervals` doesn't see the sign of 0 hours, takes .50 for .050, and reads as many numbers as it needs;
- `word_sorting` reads as many words as there are to sort, and no further;
- `spell_backward` and `letter_jumble` give partial credit to a right answer with more text after it, but for some
  lengths the sum of shares is rounded up to 1."""
