"""`key=value` overrides: dotted keys into a recipe's plain mapping, YAML values."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from prorl.errors import UserError
from prorl.recipe.text import read

_NAMES = ("task", "name", "kind")
"""The keys by which an item of a recipe's list is known."""


def parse(assignments: Iterable[str]) -> dict[str, Any]:
    """`["rollout.temperature=1.2"]` to `{"rollout.temperature": 1.2}`. Raises UserError on anything else."""
    parsed = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise UserError(f"override {assignment!r}: write it as key=value, for example rollout.temperature=1.2")
        try:
            parsed[key.strip()] = read(text)
        except yaml.YAMLError as error:
            why = getattr(error, "problem", None) or "it can't be read"
            raise UserError(f"override {assignment!r}: the value is not YAML ({why}); quote it") from None
    return parsed


def apply(
    data: Mapping[str, Any], changes: Mapping[str, Any], is_section: Callable[[str], bool] = lambda key: False
) -> dict[str, Any]:
    """A copy of `data` with every dotted key of `changes` set.

    List items are addressed by their name (a task's, a stage's, a shaper's kind), or by their place. A mapping for a
    key that `is_section` changes the keys that it names and leaves the others. Raises UserError where a key leads
    through something that has no parts, or to an item that isn't there or isn't the only one meant.
    """
    result: dict[str, Any] = _copy(data)
    for key, value in changes.items():
        _assign(result, key, _copy(value), is_section)
    return result


def closest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _assign(root: dict[str, Any], key: str, value: Any, is_section: Callable[[str], bool]) -> None:
    node: Any = root
    part, rest = _next(node, key, key)
    while rest:
        node = node[part] if isinstance(node, list) else _child(node, part, key)
        part, rest = _next(node, rest, key)
    if isinstance(node, list):
        node[part] = value
    else:
        node[part] = _merged(node.get(part), value, key, is_section)


def _next(node: Any, rest: str, key: str) -> tuple[Any, str]:
    """The key or place in `node` that the rest of a dotted key begins with, and what comes after it."""
    if isinstance(node, list):
        return _item(node, rest, key)
    part = _longest(node, rest) if isinstance(node, dict) else None
    part = rest.partition(".")[0] if part is None else part
    if not isinstance(node, dict):
        above = key.removesuffix(rest).removesuffix(".")
        raise UserError(f"key {key!r}: {above} is a single value and has no part {part!r}")
    return part, rest[len(part) + 1 :]


def _longest(names: Iterable[Any], rest: str) -> str | None:
    """The longest name with which a dotted key begins; names have dots of their own."""
    fitting = [name for name in names if isinstance(name, str) and f"{rest}.".startswith(f"{name}.")]
    return max(fitting, key=len, default=None)


def _child(node: dict[str, Any], part: str, key: str) -> Any:
    if not isinstance(node.get(part), dict | list):
        if node.get(part) is not None:
            raise UserError(f"key {key!r}: {part!r} is a single value and has no parts")
        node[part] = {}
    return node[part]


def _item(node: list[Any], rest: str, key: str) -> tuple[int, str]:
    """The place of the item that a dotted key names, and what comes after it."""
    names = [next((item[by] for by in _NAMES if by in item), None) for item in node if isinstance(item, dict)]
    part = rest.partition(".")[0]
    name, place = _longest(names, rest), int(part) if part.isdecimal() and int(part) < len(node) else None
    if name is not None:
        if place is not None and names.index(name) != place:
            raise UserError(
                f"key {key!r}: {part!r} is the name of item {names.index(name)} and the place of another; "
                "change it in the recipe's file, or rename it"
            )
        return names.index(name), rest[len(name) + 1 :]
    if place is not None:
        return place, rest[len(part) + 1 :]
    named = "".join(f" or {name!r}" for name in names[:3] if name is not None)
    raise UserError(f"key {key!r}: {part!r} is not an item of that list; it has items 0 to {len(node) - 1}{named}")


def _merged(old: Any, new: Any, key: str, is_section: Callable[[str], bool]) -> Any:
    """What a key holds after it was given a value: of a section, the keys that the value doesn't name stay."""
    if not isinstance(new, Mapping) or not is_section(key):
        return new
    kept = dict(old) if isinstance(old, Mapping) else {}
    for name, part in new.items():
        kept[name] = _merged(kept.get(name), part, f"{key}.{name}", is_section)
    return kept


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _copy(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(v) for v in value]
    return value
