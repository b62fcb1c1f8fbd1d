"""`prorl doctor`: whether this machine can do what a run needs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from prorl.cli.say import AsJson, emit


def doctor(
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Look at what engine=cluster needs instead, on every node.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at what a run needs, a line each; exit code 1 if something needed is broken."""
    from prorl.run import diagnosis_cluster
    from prorl.run.diagnosis import State, diagnose

    marks = {State.GOOD: "[green]good  ", State.NOTE: "[yellow]note  ", State.BROKEN: "[red]broken"}
    console = Console(soft_wrap=True, highlight=False)
    found = []
    for line in diagnose(diagnosis_cluster.LOOKS if cluster else None):
        found.append(line)
        if not as_json:
            console.print(marks[line.state], end=" ")
            console.print(f"{line.name:<10} {line.found}", markup=False)
    if as_json:
        emit({line.name: {"state": line.state.value, "found": line.found} for line in found})
    if any(line.state is State.BROKEN for line in found):
        raise typer.Exit(1)
