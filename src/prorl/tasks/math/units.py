"""Units and words at the end of an answer: what comes after the number, in one spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SAME: Mapping[str, str] = {
    spelling: unit
    for unit, spellings in {
        "m": "m meter meters metre metres",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "mm": "mm millimeter millimeters",
        "km": "km kilometer kilometers",
        "in": "in inch inches",
        "ft": "ft foot feet",
        "yd": "yd yard yards",
        "mi": "mi mile miles",
        "acre": "acre acres",
        "g": "g gram grams",
        "mg": "mg milligram milligrams",
        "kg": "kg kilogram kilograms",
        "lb": "lb lbs pound pounds",
        "oz": "oz ounce ounces",
        "ton": "ton tons",
        "s": "s sec secs second seconds",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours",
        "day": "day days",
        "week": "week weeks",
        "month": "month months",
        "year": "year years",
        "am": "am AM",
        "pm": "pm PM",
        "dollar": "dollar dollars usd",
        "cent": "cent cents",
        "euro": "euro euros",
        "degree": "degree degrees deg",
        "radian": "radian radians rad",
        "L": "L liter liters litre litres",
        "mL": "mL milliliter milliliters",
        "gallon": "gallon gallons",
        "quart": "quart quarts",
        "pint": "pint pints",
        "cup": "cup cups",
        "mph": "mph",
        "N": "N newton newtons",
        "J": "J joule joules",
        "W": "W watt watts",
        "V": "V volt volts",
        "A": "A ampere amperes",
        "K": "K kelvin kelvins",
        "C": "C celsius",
        "F": "F fahrenheit",
        "Hz": "Hz hertz",
        "Pa": "Pa pascal pascals",
        "eV": "eV",
        "unit": "unit units",
        "time": "times",
        "way": "way ways",
    }.items()
    for spelling in spellings.split()
}
_AFTER_A_NUMBER = frozenset(["square", "cubic", "per", "sq", "cu", "percent"])
SCALES: Mapping[str, int] = {
    spelling: value
    for word, value in {
        "hundred": 10**2,
        "thousand": 10**3,
        "million": 10**6,
        "billion": 10**9,
        "trillion": 10**12,
        "dozen": 12,
    }.items()
    for spelling in (word, word + "s")
}
"""Words that multiply the number before them."""

_BARE = frozenset(spelling for spelling in _SAME if len(spelling) > 1) - {"in", "am", "AM", "PM", "Hz", "Pa", "eV"}
"""Units that are recognised without `\\text`. A single letter there is a variable, as may be a few others."""

OTHER_NUMBERS = frozenset([*SCALES, "squared", "cubed", "factorial", "halves", "thirds", "quarters"])
"""Words that make another number of the one before them, and are not what was counted."""

KNOWN = frozenset(_SAME.values()) | frozenset(
    """
    2 3 per of ordered distinct possible value values solution solutions point points pair pairs number numbers
    integer integers digit digits term terms people outcomes choices arrangements combinations
    """.split()  # noqa: SIM905
)
"""Words of units, in one spelling, and of what is so often counted that a question need not say it."""

_DEGREES = re.compile(r"(?P<rest>.*[0-9}\])])\s*\^\\circ", re.DOTALL)
_TEXT = re.compile(
    r"(?P<rest>.*?[^\s^_\\])\s*\\text\s*\{(?P<unit>[A-Za-z ./^\'-]{1,40})\}(?P<power>\s*\^\s*(?:\{[23]\}|[23]))?",
    re.DOTALL,
)
_WORDS = re.compile(
    r"(?P<rest>.*?[0-9}\])])\s*(?P<unit>[A-Za-z]{2,12}(?: [A-Za-z]{2,12}){0,2})(?P<power>\^(?:\{[23]\}|[23]))?",
    re.DOTALL,
)
_HALF_OF_THE_DAY = re.compile(r"\b([ap])\.m\b\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Measured:
    """What stands before a unit, the unit in one spelling (empty if there is none), and what the number is times."""

    body: str
    unit: str = ""
    times: int = 1


def without_unit(text: str) -> Measured:
    """An expression taken apart from the unit at its end.

    Units are what follows in `\\text{…}`, a degree sign, and well-known words. `5 million dollars` is 5 times a million
    and the unit dollar, `5 percent` is `5%`. Other words that make another number of the one before them stay with it.
    """
    if found := _DEGREES.fullmatch(text):
        return Measured(found["rest"].strip(), "degree")
    found = _TEXT.fullmatch(text) or _WORDS.fullmatch(text)
    if not found or not (r"\text" in text[found.end("rest") :] or _well_known(found["unit"])):
        return Measured(text)
    body, times, words = found["rest"].strip(), 1, _spelled(found["unit"], found["power"])
    while words and words[0] in SCALES:
        times *= SCALES[words.pop(0)]
    if words[:1] == ["percent"]:
        body, words = body + "%", words[1:]
    return Measured(text) if OTHER_NUMBERS.intersection(words) else Measured(body, " ".join(words), times)


def _well_known(unit: str) -> bool:
    return all(word in _BARE or word in _AFTER_A_NUMBER or word in SCALES for word in unit.split())


def _spelled(unit: str, power: str | None) -> list[str]:
    """The words of a unit. What is a square or a cube ends in 2 or 3."""
    unit = _HALF_OF_THE_DAY.sub(r"\1m", unit)
    words = [_SAME.get(word, _SAME.get(word.lower(), word.lower())) for word in re.split(r"[\s.]+", unit) if word]
    if words[:1] and words[0] in ("square", "sq", "cubic", "cu"):
        words = [*words[1:], "2" if words[0].startswith("sq") else "3"]
    elif len(words) > 1 and words[-1] in ("squared", "cubed") and words[-2] in _SAME:
        words[-1] = "2" if words[-1] == "squared" else "3"
    return [*words, *re.findall("[23]", power or "")]
