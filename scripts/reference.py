"""The reference pages of the documentation, made from the code when the site is built (a hook of mkdocs).

    mkdocs build --strict

Every command with every option as `--help` knows them, and every key of a recipe with type, default and meaning.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


def on_files(files: Any, config: Any) -> Any:
    """Called by mkdocs: add the generated pages."""
    from mkdocs.structure.files import File

    for path, content in {"reference/commands.md": commands(), "reference/recipe.md": recipe_keys()}.items():
        files.append(File.generated(config, path, content=content))
    return files


def commands() -> str:
    """The page about the command line."""
    import typer.main

    from prorl.cli.main import app

    root = typer.main.get_command(app)
    lines = ["# Commands", "", str(root.help), "", _exit_codes(), ""]
    lines += _table(_options(root), "option")
    for name, command in sorted(root.commands.items()):  # type: ignore[attr-defined]
        lines += _command(f"prorl {name}", command)
    return "\n".join(lines) + "\n"


def _exit_codes() -> str:
    return (
        "Exit codes: 0 done, or stopped by you; 1 a fault of this software or a check that failed; 2 something that "
        "you can mend, told in one line on standard error; 3 a guard stopped the run; 130 interrupted at once."
    )


def _command(name: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        for part, inside in sorted(command.commands.items()):
            yield from _command(f"{name} {part}", inside)
        return
    yield from ("", f"## {name}", "")
    for paragraph in _paragraphs(command.help or ""):
        yield from (paragraph, "")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    yield from _table([(p.metavar or p.name, _default(p), p.help or "") for p in arguments], "argument")
    yield from _table(_options(command), "option")


def _paragraphs(text: str) -> Iterator[str]:
    """Help as Markdown: a paragraph that keeps its lines holds examples."""
    for paragraph in text.strip().split("\n\n"):
        if paragraph.startswith("\b"):
            yield "```console\n" + paragraph.removeprefix("\b").strip("\n") + "\n```"
        else:
            yield " ".join(paragraph.split())


def _options(command: Any) -> list[tuple[str, str, str]]:
    found = []
    for param in command.params:
        if param.param_type_name == "option":
            names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
            found.append((names, _default(param), param.help or ""))
    return found


def _default(param: Any) -> str:
    value = param.default
    if callable(value) or value is None or value is False or isinstance(value, type(...)) or value == []:
        return "required" if param.required else ""
    return f"`{value}`"


def _table(rows: list[tuple[str, str, str]], what: str) -> Iterator[str]:
    if rows:
        yield from ("", f"| {what} | default | meaning |", "|---|---|---|")
        for name, default, meaning in rows:
            shown = name if name.startswith("`") else f"`{name}`"
            yield f"| {_cell(shown)} | {_cell(default)} | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def recipe_keys() -> str:
    """The page about recipes: a section for every part of a recipe, with all of its keys."""
    from prorl.recipe.schema import Recipe

    intro = (
        "Every key of a recipe. `[]` stands for the items of a list, `<name>` for a name of your own. `null` as a "
        "default means that the key may be left out. An unknown key is an error."
    )
    return "\n".join(["# Recipe keys", "", intro, *_section("", Recipe)]) + "\n"


def _section(path: str, model: type[BaseModel]) -> Iterator[str]:
    """One section, then those inside of it."""
    yield from ("", f"## `{path}`" if path else "## The recipe itself", "", _cell(model.__doc__ or ""), "")
    yield from ("| key | type | default | meaning |", "|---|---|---|---|")
    inside: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        key = f"{path}.{name}".lstrip(".")
        shown = re.sub(r" \(kind: \w+\)", "", key)
        cells = (f"`{shown}`", _type(field), _field_default(field), field.description or "")
        yield f"| {' | '.join(map(_cell, cells))} |"
        inside += list(_parts(key, field.annotation))
    for key, part in inside:
        yield from _section(key, part)


def _parts(key: str, annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """The sections that a key may hold, and where."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("kind")
        named = typing.get_args(kind.annotation) if kind is not None else ()
        yield (f"{key} (kind: {named[0]})" if len(named) == 1 else key), annotation
        return
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    deeper = f"{key}[]" if origin in (tuple, list) else f"{key}.<name>" if origin is dict else key
    for argument in arguments:
        yield from _parts(deeper, argument)


def _type(field: FieldInfo) -> str:
    bounds = [
        f"{sign} {getattr(mark, name)}"
        for mark in field.metadata
        for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
        if hasattr(mark, name)
    ]
    return ", ".join([_annotation(field.annotation), *bounds])


def _annotation(annotation: Any) -> str:
    if annotation is type(None):
        return "null"
    if annotation is Any:
        return "any value"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(FieldInfo.from_annotation(annotation))
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_annotation, arguments)))
    if origin is tuple and arguments[-1] is not ...:
        return "list of " + ", ".join(map(_annotation, arguments))
    if origin in (tuple, list):
        return f"list of {_annotation(arguments[0])}"
    if origin is dict:
        return f"mapping of names to {_annotation(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    names = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _field_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    if value is None:
        return "`null`"
    if value is True or value is False:
        return f"`{str(value).lower()}`"
    if value in ({}, (), ""):
        return "empty"
    return f"`{list(value) if isinstance(value, tuple) else value}`"
