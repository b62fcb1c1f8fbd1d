"""One problem of a formula: numbers for it, the question, the steps to its result, and how numbers are shown."""

from __future__ import annotations

import random
from collections.abc import Mapping
from math import floor, isfinite, log10

from prorl.tasks.stem.formula import CONSTANTS, Formula, Input, from_si, to_si


def drawn(formula: Formula, rng: random.Random) -> tuple[dict[str, float], float]:
    """Numbers for the inputs of a formula, in their units, and their result in SI base units, which is not zero."""
    while True:
        given = {name: _number(entry, rng) for name, entry in formula.inputs.items()}
        result = _result(formula, given)
        if isfinite(result) and abs(result) > 1e-30:
            return given, result


def worked_out(formula: Formula, given: Mapping[str, float], unit: str) -> tuple[str, list[str]]:
    """A question without what is asked of the answer, and the steps to its result in `unit`."""
    numbers = {name: written(value, formula.inputs[name].unit, 3) for name, value in given.items()}
    used = [stated for name in formula.constants if (stated := CONSTANTS[name][2])]
    question = formula.question.format(**numbers) + (f" Use {' and '.join(used)}." if used else "")
    steps = [f"The law is ${formula.law}$."]
    for name, value in _inputs_in_si(formula, given).items():
        if value != given[name]:
            steps.append(f"{numbers[name]} is {written(value, '')} in SI units.")
    result = _result(formula, given)
    if result != from_si(result, unit):
        steps.append(f"In SI units the result is {written(result, '')}.")
    return question, steps


def written(value: float, unit: str, digits: int = 4) -> str:
    """A number to so many significant digits, with its unit: `12.5 km/h`, `3.000 × 10^8 m/s`, `40 %`."""
    if value == int(value) and abs(value) < 10**6:
        number = str(int(value))
    elif 1e-3 <= abs(value) < 10**6:
        number = f"{value:.{max(0, digits - 1 - floor(log10(abs(value))))}f}"
    else:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        number = f"{mantissa} × 10^{int(power)}"
    return f"{number}{'' if unit == '°' else ' '}{shown(unit)}".strip()


def shown(unit: str) -> str:
    """A unit as problems write it: `1/s` as `s⁻¹`."""
    return f"{unit[2:]}⁻¹" if unit.startswith("1/") else unit


def _inputs_in_si(formula: Formula, given: Mapping[str, float]) -> dict[str, float]:
    return {name: to_si(value, formula.inputs[name].unit) for name, value in given.items()}


def _result(formula: Formula, given: Mapping[str, float]) -> float:
    """The result for numbers in the units of the inputs, in SI base units."""
    constants = {name: CONSTANTS[name][0] for name in formula.constants}
    return float(formula.result(**_inputs_in_si(formula, given), **constants))


def _number(entry: Input, rng: random.Random) -> float:
    """A number of the range, each order of magnitude as likely as another, with three significant digits."""
    value = entry.low * (entry.high / entry.low) ** rng.random()
    if entry.whole:
        return float(round(value))
    rounded = float(f"{value:.2e}")
    return min(max(rounded, entry.low), entry.high)
