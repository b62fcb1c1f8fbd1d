"""The lists of the terminal view: tasks, rollouts, events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from prorl.run.blocks import columns, drawn
from prorl.run.watch_data import Snapshot
from prorl.tasks.names import short

_RECENT = 5
"""Steps with the task over which its share is taken."""
_LABEL = 36
"""Columns that a task's name has at most: whole names of shipped tasks with a level fit."""
MARKS = {"solved": ("✓", "green"), "wrong": ("✗", "red"), "unparseable": ("?", "yellow")}
_UNSHOWN = ("event", "step", "at", "settings", "reference_id", "id", "index", "clear_optimizer", "sha256")


def task_lines(seen: Snapshot, width: int, room: int) -> list[Text]:
    """Solved share of every task: of its last steps as a bar and a number, and over the run."""
    names = sorted({key for record in seen.metrics for key in record if key.startswith("solved/")})
    if not names or room < 1:
        return []
    lines = [Text(f"solved by task, last {_RECENT} steps with it", style="dim")]
    called = list(short(name.removeprefix("solved/") for name in names).values())
    label = min(_LABEL, max(map(len, called)) + 1)
    curve = max(8, width - label - 20)
    for name, shown in zip(names[:room], called, strict=False):
        steps = [int(record["step"]) for record in seen.metrics]
        values = [
            float(v) if isinstance(v := record.get(name), int | float) and v == v else None for record in seen.metrics
        ]
        known = [value for value in values if value is not None][-_RECENT:]
        share = sum(known) / len(known) if known else 0.0
        full = round(share * 10)
        (row,) = drawn(columns(steps, values, seen.step, curve), 1, 0.0, 1.0)
        bar = ("█" * full, "green"), ("░" * (10 - full), "bright_black")
        lines.append(Text.assemble(f"{shown[: label - 1]:<{label}}", *bar, f" {share:5.2f}  ", (row, "green")))
    if len(names) > room:
        lines[0].append(f" ({len(names) - room} more tasks have no room)")
    return lines


def rollout_lines(seen: Snapshot, width: int, room: int, page: int, long: bool = False) -> list[Text]:
    """What was sampled last: a line a group with one completion, or with `long` its question and two of them."""
    groups = seen.rollouts
    if not groups or room < 2:
        return []
    # Each group is shown in turn, from the one that `page` has come to.
    begin = page * max(1, (room - 1) // (4 if long else 1)) % len(groups)
    names = short(group["task"] for group in groups)
    lines = [Text(f"last rollouts ({len(groups)} groups)", style="dim")]
    for group in [*groups[begin:], *groups[:begin]]:
        if len(lines) >= room:
            break
        lines += list(_long(group, names)) if long else [_line(group, names)]
    return lines[:room]


def _line(group: dict[str, Any], names: Mapping[str, str]) -> Text:
    completion = _chosen(group)[0]
    return Text.assemble(
        _mark(completion), " ", (f"{names[group['task']]} {_solved(group)} ", "bold"), _flat(completion)
    )


def _long(group: dict[str, Any], names: Mapping[str, str]) -> Iterator[Text]:
    yield Text.assemble((names[group["task"]], "bold"), (f"  {_solved(group)} solved, {group.get('admission')}", "dim"))
    yield Text(f"  {_one_line(str(group.get('question', '')))}", style="dim")
    for completion in _chosen(group)[:2]:
        yield Text.assemble("  ", _mark(completion), " ", _flat(completion))


def _chosen(group: dict[str, Any]) -> list[dict[str, Any]]:
    """One completion of each outcome, solved ones first."""
    by_outcome: dict[str, dict[str, Any]] = {}
    for completion in group["completions"]:
        by_outcome.setdefault(completion["outcome"], completion)
    return sorted(by_outcome.values(), key=lambda completion: completion["outcome"] != "solved")


def _mark(completion: dict[str, Any]) -> tuple[str, str]:
    return MARKS.get(completion["outcome"], ("!", "bold red"))


def _solved(group: dict[str, Any]) -> str:
    outcomes = [completion["outcome"] for completion in group["completions"]]
    return f"{outcomes.count('solved')}/{len(outcomes)}"


def _flat(completion: dict[str, Any]) -> str:
    return _one_line(str(completion["text"]))


def _one_line(text: str) -> str:
    """Control characters of a model's text don't reach the terminal."""
    return "".join(char if char.isprintable() else "⏎" if char == "\n" else "·" for char in text.strip())


def event_lines(seen: Snapshot, room: int) -> list[Text]:
    """The last entries of the journal; several of a kind in a row are one line."""
    rows: list[tuple[dict[str, Any], int]] = []
    for event in seen.events:
        if rows and rows[-1][0]["event"] == event["event"]:
            rows[-1] = event, rows[-1][1] + 1
        else:
            rows.append((event, 1))
    lines = [Text("journal", style="dim")]
    for event, times in rows[-room:]:
        said = ", ".join(f"{key}={_value(value)}" for key, value in event.items() if key not in _UNSHOWN)
        step = f"{event['at'][11:19]}  step {event['step']:<5} "
        name = event["event"] + (f" (×{times})" if times > 1 else "")
        lines.append(Text.assemble((step, "dim"), (name, "bold"), "  ", _one_line(said)))
    return lines


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
