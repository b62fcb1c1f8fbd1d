"""Units as pint has them, and numbers converted from one to another."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from prorl.tasks.stem.unit_text import Factors


@lru_cache(maxsize=4096)
def unit_of(written: Factors) -> Any | None:
    """The unit with these factors as pint has it; None if a name is unknown.

    Degrees Celsius and Fahrenheit are temperatures if they stand alone, and differences of them in all other units.
    """
    alone = len(written) == 1 and written[0][1] == 1
    unit = _registry().Unit("")
    for name, power in written:
        one = _known(name)
        if one is None:
            return None
        unit = unit * (one if alone else _of_differences(one)) ** power
    return unit


def prepare() -> None:
    """Import pint and read its registry of units: a second, once in a process."""
    _registry()


def converted(value: float, given: Any, wanted: Any) -> float:
    """A number in one unit of pint's in another one; not a number if there is no way from one to the other."""
    import pint

    try:
        return float(_registry().Quantity(value, given).to(wanted).magnitude)
    except (pint.errors.PintError, ArithmeticError):
        return math.nan


def _of_differences(unit: Any) -> Any:
    """The unit of differences for a unit whose zero is no absolute one, such as °C; any other as it is."""
    difference = f"delta_{unit}"
    return _registry().Unit(difference) if difference in _registry() else unit


def _known(name: str) -> Any | None:
    import pint

    for spelling in (name, name.lower()) if len(name) > 3 else (name,):
        try:
            unit = _registry().parse_units(spelling)
            _registry().get_dimensionality(unit)  # raises for names that only look like units, such as `%dB`
            return unit
        except (pint.errors.PintError, AttributeError, ValueError):
            continue
    return None


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
