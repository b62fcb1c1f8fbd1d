"""The tree of a run and its relatives, drawn from their journals alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.tree import Tree

from prorl.errors import UserError
from prorl.run import journal, lineage


def tree(run: Path) -> Tree:
    """The run's oldest known ancestor with everything that descends from it; `run` itself is marked.

    Descendants are looked for in the folders beside each run. Raises UserError if there is no run.
    """
    if lineage.start_of(run) is None:
        raise UserError(f"{run} holds no run (no journal.jsonl with a start); give the folder that prorl train wrote")
    run = run.resolve()
    oldest, missing = run, None
    while (origin := lineage.origin_of(oldest)) is not None:
        if not _is(origin.run, origin.id):
            missing = origin
            break
        oldest = origin.run.resolve()
    if missing is None:
        return _of(oldest, run)
    root = Tree(f"{escape(str(missing.run))} (not there any more)")
    branch = root.add(f"step {missing.step}: fork")
    branch.add(_of(oldest, run))
    return root


def _of(run: Path, marked: Path) -> Tree:
    start = lineage.start_of(run) or {}
    name = f"[bold]{escape(run.name)}[/bold]" + (" <" if run == marked else "")
    what = escape(f"{start.get('recipe', '')}, {start.get('model', '')}, {str(start.get('at', ''))[:16]}")
    root = Tree(f"{name}  {what}")
    forks = [(origin.step, child) for child, origin in _forks(run)]
    place = root
    for event in journal.effective(journal.read(run / "journal.jsonl")):
        for fork in [fork for fork in forks if fork[0] < event["step"]]:
            _add_fork(place, fork, marked)
            forks.remove(fork)
        line = _line(event)
        if line and event["event"] == "stage":
            place = root.add(line)
        elif line:
            place.add(line)
    for fork in forks:
        _add_fork(place, fork, marked)
    return root


def _add_fork(place: Tree, fork: tuple[int, Path], marked: Path) -> None:
    place.add(f"step {fork[0]}: fork").add(_of(fork[1], marked))


def _line(event: dict[str, Any]) -> str:
    """What an event is worth in the tree; empty for those that are not."""
    at = f"step {event['step']}: "
    match event["event"]:
        case "stage":
            changed = ", ".join(f"{key}={value}" for key, value in event.get("set", {}).items())
            text = f"stage {event['name']}" + (f" ({changed})" if changed else "")
        case "stage_end":
            text = f"stage {event['name']} ends: {event['reason']}"
        case "reset":
            cleared = ", optimizer cleared" if event["clear_optimizer"] else ""
            back = f"back to step {event['policy_of_step']} and reset" if event.get("source") == "best" else "reset"
            text = f"{back}{cleared}: {event['reason']}"
        case "edited":
            text = "edited: " + "; ".join(f"{c['key']}: {c['before']} -> {c['after']}" for c in event["changes"])
        case "stop" | "pause":
            text = f"{event['event']}: {event['reason']}"
        case "extended":
            text = "went on from its end"
        case "finish":
            text = "finished"
        case _:
            return ""
    return escape(at + text)


def _forks(run: Path) -> list[tuple[Path, lineage.Origin]]:
    """Runs in neighbouring folders that began with a checkpoint of this one."""
    own = lineage.identity(run)
    found = []
    for neighbour in sorted(run.parent.iterdir()):
        if neighbour != run and (neighbour / "journal.jsonl").is_file():
            origin = lineage.origin_of(neighbour)
            if origin is not None and origin.id == own:
                found.append((neighbour, origin))
    return found


def _is(run: Path, identity: str) -> bool:
    return (run / "journal.jsonl").is_file() and lineage.identity(run) == identity
