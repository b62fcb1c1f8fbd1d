"""`prorl doctor`: whether this machine can do what a run needs."""

from __future__ import annotations

import typer
from rich.console import Console

from prorl.cli.say import AsJson, emit


def doctor(as_json: AsJson = False) -> None:
    """Look at what a run needs, a line each; exit code 1 if something needed is broken."""
    from prorl.run.diagnosis import State, diagnose

    marks = {State.GOOD: "[green]good  ", State.NOTE: "[yellow]note  ", State.BROKEN: "[red]broken"}
    console = Console(soft_wrap=True, highlight=False)
    found = []
    for line in diagnose():
        found.append(line)
        if not as_json:
            console.print(marks[line.state], end=" ")
            console.print(f"{line.name:<10} {line.found}", markup=False)
    if as_json:
        emit({line.name: {"state": line.state.value, "found": line.found} for line in found})
    if any(line.state is State.BROKEN for line in found):
        raise typer.Exit(1)
