"""From a name or a path to a validated recipe, and from a recipe to what holds in one of its stages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from prorl.errors import UserError
from prorl.recipe import overrides
from prorl.recipe.schema import STAGED, Recipe
from prorl.recipe.text import read, write


def packaged() -> dict[str, str]:
    """Names of the recipes that ship with the package, and their YAML."""
    folder = resources.files("prorl.recipe") / "recipes"
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml")
    }


def load(name_or_path: str, changes: Iterable[str] | Mapping[str, Any] = ()) -> Recipe:
    """The recipe of that name or file, with changes applied: `key=value` words, or values by dotted key.

    Raises UserError naming the unknown recipe, the unreadable file, or the key at fault.
    """
    values = changes if isinstance(changes, Mapping) else overrides.parse(changes)
    return validate(changed(_read(name_or_path), values), where=name_or_path)


def changed(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's plain data with every dotted key of `changes` set; of a section, what they don't name stays."""
    return overrides.apply(data, changes, lambda key: _section_at(key) is not None)


def validate(data: Mapping[str, Any], where: str) -> Recipe:
    """A recipe from plain data; every stage is resolved once so that a mistake in a later one shows now."""
    recipe = _validated(data, where)
    for index in range(len(recipe.stages)):
        at_stage(recipe, index)
    return recipe


def at_stage(recipe: Recipe, index: int) -> Recipe:
    """The recipe as it holds in stage `index`: what stages 0..index set is set."""
    data = recipe.model_dump(mode="json")
    for stage in recipe.stages[: index + 1]:
        for key in stage.set:
            if key.split(".")[0] not in STAGED:
                raise UserError(
                    f"stage {stage.name!r} sets {key!r}: a stage may change {', '.join(STAGED)} and nothing else"
                )
        data = changed(data, stage.set)
    return _validated(data, f"stage {recipe.stages[index].name!r} of {recipe.name}")


def _section_at(key: str) -> type[BaseModel] | None:
    """The section that a dotted key names; None if that is a value, or lies in a list or a mapping."""
    section: type[BaseModel] = Recipe
    for part in key.split("."):
        field = section.model_fields.get(part)
        if field is None or get_origin(field.annotation) in (tuple, list, dict):
            return None
        inside = _sections(field.annotation)
        if len(inside) != 1:
            return None
        section = inside[0]
    return section


def to_yaml(recipe: Recipe) -> str:
    """The recipe with every default written out; `load` reads it back to an equal recipe."""
    return write(recipe.model_dump(mode="json"))


def _validated(data: Mapping[str, Any], where: str) -> Recipe:
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise UserError(f"recipe {where}: {_first(error)}") from None


def _read(name_or_path: str) -> dict[str, Any]:
    known = packaged()
    path = Path(name_or_path)
    if name_or_path in known:
        text = known[name_or_path]
    elif path.suffix in (".yaml", ".yml") or path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"recipe {name_or_path}: {error.strerror}; give a readable YAML file") from None
        except UnicodeDecodeError:
            raise UserError(f"recipe {name_or_path}: not a text file; give a YAML file") from None
    else:
        raise UserError(
            f"no recipe {name_or_path!r}{overrides.closest(name_or_path, known)}"
            f" Shipped: {', '.join(known)}; or give the path of a .yaml file"
        )
    try:
        data = read(text)
    except yaml.YAMLError as error:
        mark, why = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        line = f" line {mark.line + 1}" if mark else ""
        told = f" ({why})" if why else ""
        raise UserError(f"recipe {name_or_path}{line}: not valid YAML{told}; mend it there") from None
    if not isinstance(data, dict):
        raise UserError(f"recipe {name_or_path}: expected a mapping of keys, found {type(data).__name__}")
    return data


def _first(error: ValidationError) -> str:
    """The first fault in one line: key, what is wrong, and for an unknown key the nearest known one."""
    faults = error.errors()
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    key = ".".join(str(part) for part in fault["loc"]) or "recipe"
    if fault["type"] == "extra_forbidden":
        known = _fields(fault["loc"][:-1])
        return f"unknown key {key!r}{overrides.closest(str(fault['loc'][-1]), known)} Known here: {', '.join(known)}"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    given = fault.get("input")
    got = "" if isinstance(given, Mapping | BaseModel) else f", got {given!r:.80}"  # a whole section says nothing
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}{got}{more}"


def _fields(location: tuple[int | str, ...]) -> list[str]:
    """Keys that the section at `location` knows."""
    section: type[BaseModel] = Recipe
    inside: list[type[BaseModel]] = []
    named = False
    for part in location:
        if isinstance(part, int) or named:  # a place in a list, or a name in a mapping
            named = False
            continue
        of_kind = [choice for choice in inside if _kind(choice) == part]
        if not of_kind:
            annotation = section.model_fields[str(part)].annotation
            inside, named = _sections(annotation), get_origin(annotation) is dict
        section = (of_kind or inside)[0]
    return list(section.model_fields)


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """The sections that a field of this type may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [section for argument in getattr(annotation, "__args__", ()) for section in _sections(argument)]


def _kind(section: type[BaseModel]) -> str | None:
    """The `kind` that tells this section from others in its place."""
    field = section.model_fields.get("kind")
    return field.annotation.__args__[0] if field is not None and field.annotation is not None else None
