"""`prorl lineage`: where a run comes from and what happened in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from prorl.cli import complete
from prorl.cli.say import AsJson, emit

_UNFOLDED = 10_000
"""Width of what goes into a file: a line an event, however long."""


def lineage(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", autocompletion=complete.runs)],
    as_json: AsJson = False,
) -> None:
    """Print the tree of runs that this one belongs to, with stages, resets and roll-backs.

    With --json: the run's id, the run and step that it was forked from, and every journalled event that still holds.
    """
    from prorl.run.family import tree

    if as_json:
        emit(_facts(run))
        return
    # Not with soft_wrap: a tree is cut at the console's width then.
    console = Console(highlight=False, emoji=False)
    (console if console.is_terminal else Console(highlight=False, emoji=False, width=_UNFOLDED)).print(tree(run))


def _facts(run: Path) -> dict[str, Any]:
    from prorl.errors import UserError
    from prorl.run import journal, lineage

    if lineage.start_of(run) is None:
        raise UserError(f"{run} holds no run (no journal.jsonl with a start); give the folder that prorl train wrote")
    origin = lineage.origin_of(run)
    parent = {"run": str(origin.run), "step": origin.step, "id": origin.id} if origin else None
    events = journal.effective(journal.read(run / "journal.jsonl"))
    return {"run": str(run), "id": lineage.identity(run), "parent": parent, "events": events}
