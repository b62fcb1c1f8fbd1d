"""Units and words at the end of an answer: what comes after the number, in one spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
        "g": "g gram grams",
        "kg": "kg kilogram kilograms",
        "lb": "lb lbs pound pounds",
        "s": "s sec secs second seconds",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours",
        "day": "day days",
        "week": "week weeks",
        "year": "year years",
        "dollar": "dollar dollars usd",
        "cent": "cent cents",
        "degree": "degree degrees deg",
        "radian": "radian radians rad",
        "L": "L liter liters litre litres",
        "mL": "mL milliliter milliliters",
        "mph": "mph",
        "unit": "unit units",
        "time": "times",
        "way": "way ways",
    }.items()
    for spelling in spellings.split()
}
_BARE = frozenset(spelling for spelling in _SAME if len(spelling) > 1) - {"in"}
"""Units that are recognised without `\\text`. A single letter there is a variable."""

OTHER_NUMBERS = frozenset(
    """
    hundred thousand million billion trillion dozen dozens squared cubed factorial halves thirds quarters
    """.split()  # noqa: SIM905
)
"""Words that make another number of the one before them, and are not what was counted."""

_DEGREES = re.compile(r"(?P<rest>.*[0-9}\])])\s*\^\\circ", re.DOTALL)
_TEXT = re.compile(
    r"(?P<rest>.*?[^\s^_\\])\s*\\text\s*\{(?P<unit>[A-Za-z ./^\'-]{1,40})\}(?P<power>\s*\^\s*(?:\{[23]\}|[23]))?",
    re.DOTALL,
)
_WORDS = re.compile(
    r"(?P<rest>.*?[0-9}\])])\s*(?P<unit>[A-Za-z]{2,12}(?: [A-Za-z]{2,12}){0,2})(?P<power>\^(?:\{[23]\}|[23]))?",
    re.DOTALL,
)


def without_unit(text: str) -> tuple[str, str]:
    """The text before a unit at its end, and the unit in one spelling; an empty unit if there is none.

    Units are what follows in `\\text{…}`, a degree sign, and well-known words.
    """
    if found := _DEGREES.fullmatch(text):
        return found["rest"].strip(), "degree"
    if found := _TEXT.fullmatch(text):
        return found["rest"].strip(), _spelled(found["unit"], found["power"])
    found = _WORDS.fullmatch(text)
    if found and all(word in _BARE or word in ("square", "cubic", "per", "sq", "cu") for word in found["unit"].split()):
        return found["rest"].strip(), _spelled(found["unit"], found["power"])
    return text, ""


def _spelled(unit: str, power: str | None) -> str:
    words = [_SAME.get(word, _SAME.get(word.lower(), word.lower())) for word in re.split(r"[\s.]+", unit) if word]
    if words[:1] and words[0] in ("square", "sq", "cubic", "cu"):
        words = [*words[1:], "2" if words[0].startswith("sq") else "3"]
    return " ".join([*words, *re.findall("[23]", power or "")])
