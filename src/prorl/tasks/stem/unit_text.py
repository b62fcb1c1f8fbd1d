"""Units as people and LaTeX write them, taken apart into names and powers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prorl.tasks.stem.spelling import WITHIN_BRACES, unwrapped, with_powers

Factors = tuple[tuple[str, int], ...]
"""Names of units as written, with their powers."""

_MOST_FACTORS = 8
_POWER = 9

_NAMES: Mapping[str, str] = {
    "Ohm": "ohm", "Ohms": "ohm", "Å": "angstrom", r"\AA": "angstrom", "ℓ": "L", "l": "L",
    r"\ell": "L", "%": "percent", "°C": "degC", "°F": "degF", "°": "degree", "ml": "mL", "sec": "s", "secs": "s",
    "hrs": "hour", "amu": "dalton", "rev": "turn", "mole": "mol", "moles": "mol", "molecules": "count",
    "Celsius": "degC", "celsius": "degC", "kelvins": "kelvin", "litres": "liter", "kph": "km/h",
    "Nm": "N*m", "Ns": "N*s", "Pas": "Pa*s", "Vs": "V*s", "As": "A*s", "Ah": "A*h",
}  # fmt: skip
"""What the library would not know, or would take for something else."""

_FRACTION = re.compile(rf"\\frac ?\{{({WITHIN_BRACES})\}} ?\{{({WITHIN_BRACES})\}}")
_TOKEN = re.compile(
    r" *(?P<name>\\?[A-Za-zµΩÅ°ℓ]+|%)"
    r"(?: ?(?:\^|\*\*)? ?(?:\{ ?(?P<braced>[+-]?[0-9]{1,2}) ?\}|(?P<plain>[+-]?[0-9])))? *"
)
_BETWEEN = re.compile(
    r"(?P<over>/|\bper\b)|(?P<tie>(?<=[^ (])-(?!per\b)(?=[A-Za-zµΩ°]))|\\cdot(?![A-Za-z])|\\times(?![A-Za-z])|\*"
)


def factors(text: str) -> Factors | None:
    r"""The factors of a unit such as `m/s^2`, `\text{kJ mol}^{-1}` or `newtons per metre`; None if it is no unit.

    Empty for no unit. After a slash only the next factor is below it, with those that a hyphen ties to it, as in
    `J/kg-K`, or all in brackets.
    """
    plain = _plain(text)
    found: list[tuple[str, int]] = []
    around = [1]  # the signs of powers: of the whole, and of each bracket that is open
    place, sign, last = 0, 1, 1
    while place < len(plain):
        if plain[place] == " ":
            place += 1
        elif plain[place] == "(":
            around.append(sign)
            place += 1
        elif plain[place] == ")" and len(around) > 1:
            last, sign = around.pop(), around[-1]
            place += 1
        elif between := _BETWEEN.match(plain, place):
            sign = -around[-1] if between["over"] else last if between["tie"] else around[-1]
            place = between.end()
        elif (token := _TOKEN.match(plain, place)) and len(found) < _MOST_FACTORS:
            power = int(token["braced"] or token["plain"] or 1)
            if not 0 < abs(power) <= _POWER:
                return None
            found += _named(token["name"], sign * power)
            last, sign = sign, around[-1]
            place = token.end()
        else:
            return None
    return tuple(found) if len(around) == 1 else None


def _plain(text: str) -> str:
    """Without LaTeX's wrapping, and with one spelling for what has several."""
    text = unwrapped(with_powers(text))
    for _ in range(3):
        text = _FRACTION.sub(r"(\1)/(\2)", text)
    text = re.sub(r"\\mu(?![A-Za-z]) ?|μ|µ", "µ", text)
    text = re.sub(r"\b([kMGm]) +(?=Ω)", r"\1", text.replace(r"\Omega", "Ω"))
    text = re.sub(r"µ +(?=[A-Za-zΩ])", "µ", text).replace("·", "*")
    text = re.sub(r"^ *1 ?/", "/", text)
    text = _degrees(text)
    text = re.sub(r"\b(square|cubic) ([A-Za-z]+)", lambda it: f"{it[2]}^{2 if it[1] == 'square' else 3}", text)
    text = re.sub(r"([A-Za-z]+) (squared|cubed)\b", lambda it: f"{it[1]}^{2 if it[2] == 'squared' else 3}", text)
    return re.sub(r"\{ ?([A-Za-z]+) ?\}", r" \1 ", text).strip()


def _degrees(text: str) -> str:
    """All degrees as `°`, `°C` or `°F`, the latter tied to what stands right before them, as in `J/g°C`."""
    text = re.sub(r"(?:\^ ?)?\{? ?\\(?:circ|degree)(?![A-Za-z]) ?\}? ?", "°", text)
    text = re.sub(r"(?:degrees?|deg) ?(?=[CF]\b|[Cc]elsius)|° +(?=[CF]\b)", "°", text)
    text = re.sub(r"°[Cc]elsius", "°C", text)
    return re.sub(r"(?<=[A-Za-zµΩ0-9}])°(?=[CF](?![A-Za-z]))", "-°", text)


def _named(name: str, power: int) -> list[tuple[str, int]]:
    known = _NAMES.get(name, name)
    if "*" in known:
        return [(part, power) for part in known.split("*")]
    if "/" in known:
        above, below = known.split("/")
        return [(above, power), (below, -power)]
    return [(known.replace("µ", "u").replace("Ω", "ohm"), power)]
