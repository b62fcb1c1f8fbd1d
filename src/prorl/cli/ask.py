"""`prorl reset`, `pause`, `continue` and `stop`: what can be asked of a run that another process works on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from prorl.cli import complete
from prorl.errors import UserError

Run = Annotated[Path, typer.Argument(help="Folder of the run.", autocompletion=complete.runs)]


def reset(
    run: Run,
    clear_optimizer: Annotated[
        bool, typer.Option("--clear-optimizer", help="Start the optimizer afresh too (as ProRL v1 does).")
    ] = False,
    to: Annotated[
        str, typer.Option("--to", help="Which policy becomes the reference: current, or best (and the run goes back).")
    ] = "current",
) -> None:
    """Make the policy the new reference policy, after the step that the run is in.

    \b
    prorl reset runs/mine
    prorl reset runs/mine --clear-optimizer
    prorl reset runs/mine --to best
    """
    if to not in ("current", "best"):
        raise UserError(f"--to {to}: use current or best")
    _ask(run, "reset", reset={"clear_optimizer": clear_optimizer, "to": to})


def pause(run: Run) -> None:
    """Checkpoint after the step under way and wait there until `prorl continue`; in an evaluation, after a problem."""
    _ask(run, "pause")


def go_on(run: Run) -> None:
    """Let a paused run go on."""
    _ask(run, "continue")


def stop(run: Run) -> None:
    """Checkpoint after the step under way and leave; `prorl train --resume` goes on.

    An evaluation is left after the problem under way, and begun again then.
    """
    _ask(run, "stop")


def _ask(run: Path, kind: str, **fields: Any) -> None:
    from prorl.run.requests import ask

    if ask(run, kind, **fields):
        part = "step" if kind == "reset" else "step, or the problem of an evaluation,"
        typer.echo(f"{kind}: asked; it is done after the {part} under way")
    else:
        typer.echo(
            f"{kind}: nobody works on {run} now; it is done when the run is taken up: prorl train --resume {run}"
        )
