"""Which options were given on the command line: one that means nothing beside another is refused, not ignored."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from prorl.errors import UserError


def refuse(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Raise UserError if any of the parameters `names` was given: it is to be left out, and `why`."""
    wanted = set(names)
    found = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name in wanted and source is not None and source.name == "COMMANDLINE":
            found.append(max(parameter.opts, key=len))
    if found:
        raise UserError(f"leave out {', '.join(found)}: {why}")
