"""Options of a Reasoning Gym data set: checked, converted, and set together by a level of difficulty."""

from __future__ import annotations

import difflib
from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from prorl.errors import UserError
from prorl.tasks.names import unknown
from prorl.tasks.reasoning_gym_library import PREFIX, names, registered

_OURS = {"seed", "size"}
"""Options of every Reasoning Gym data set that the splits decide."""

_TOO_HARD_FROM = {"jugs": 3, "puzzle24": 3}
"""Levels from which on no problem is found in reasonable time."""


def checked_options(task: str, dataset: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options as fields of the data set's config, converted to the types that it declares.

    `level` stands for what the library's curriculum sets at that level; other options override it. Raises UserError
    naming the task and the option at fault.
    """
    if PREFIX + dataset not in names():
        raise unknown(task, names())
    config = registered()[dataset][1]
    valid = [option.name for option in fields(config) if option.name not in _OURS]
    if "level" in options and "level" not in valid:
        options = {**_at_level(task, dataset, options.pop("level")), **options}
    hints = get_type_hints(config)
    for option, value in options.items():
        if option in _OURS:
            raise UserError(f"{task}: option {option!r} is decided by the splits; remove it")
        if option not in valid:
            close = difflib.get_close_matches(option, valid, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise UserError(f"{task}: unknown option {option!r}; {hint}valid: {', '.join(valid)}")
        try:
            options[option] = _converted(hints[option], value, getattr(config(), option))
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise UserError(f"{task}: option {option!r} cannot be {value!r}: {reason}") from error
    try:
        made = config(**options)
        if hasattr(made, "validate"):
            made.validate()
    except (AssertionError, ValueError, TypeError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise UserError(f"{task}: bad options ({given}): {error}; valid: {', '.join(valid)}") from error
    return options


def _converted(declared: Any, value: Any, default: Any) -> Any:
    """The value as the declared type, such as a tuple for a list. Raises ValidationError."""
    adapter: TypeAdapter[Any] = TypeAdapter(declared)
    try:
        adapter.validate_python(default)
    except ValidationError:
        return value  # some declarations don't even fit their own defaults
    return adapter.validate_python(value)


def levels(dataset: str) -> int:
    """How many difficulty levels the library's curriculum for a data set has, easiest first; 0 without a curriculum.

    Ranges lie between two entries of its lists, so that the last entry often begins no level of its own: levels at the
    end that set what the one before sets don't count.
    """
    from reasoning_gym.factory import create_curriculum, has_curriculum

    if not has_curriculum(dataset):
        return 0
    attributes = create_curriculum(dataset).attributes.values()
    count = max((len(attribute.levels) for attribute in attributes), default=0)
    while count > 1 and _set_at(dataset, count - 1) == _set_at(dataset, count - 2):
        count -= 1
    return count


def _at_level(task: str, dataset: str, level: Any) -> dict[str, Any]:
    """What the curriculum sets at a level. Raises UserError for one that there isn't, or of which nothing is found."""
    count = levels(dataset)
    if not count:
        raise UserError(f"{task}: option 'level' is {level!r}, but it has no levels; remove it")
    if type(level) is not int or not 0 <= level < count:
        raise UserError(f"{task}: option 'level' is {level!r}; use a whole number from 0 to {count - 1}")
    if level >= _TOO_HARD_FROM.get(dataset, count):
        usable = _TOO_HARD_FROM[dataset] - 1
        raise UserError(f"{task}: the library searches for minutes for a problem of level {level}; use 0 to {usable}")
    return _set_at(dataset, level)


def _set_at(dataset: str, level: int) -> dict[str, Any]:
    """What the curriculum sets at a level. A range spans that level alone, so that levels are bands of difficulty."""
    from reasoning_gym.coaching.base_curriculum import DefaultCurriculumContext, RangeAttributeMode
    from reasoning_gym.factory import create_curriculum

    curriculum = create_curriculum(dataset)
    curriculum.set_global_level(level)
    made = curriculum.generate_configuration(None, DefaultCurriculumContext(RangeAttributeMode.UPPER_BOUND))
    names_of = ("field_name", "lower_field_name", "upper_field_name")
    attributes = curriculum.attributes.values()
    set_by_level = {
        getattr(attribute, kind) for attribute in attributes for kind in names_of if hasattr(attribute, kind)
    }
    return {name: getattr(made, name) for name in sorted(set_by_level)}
