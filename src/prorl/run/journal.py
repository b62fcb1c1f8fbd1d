"""The journal of a run: every decision it took, in order, one JSON line each, never rewritten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prorl.run import jsonl

Event = dict[str, Any]

CUT_OFF = "cut_off"
"""The event that `read` reports for a line that is not whole, because the process died while writing it."""


class Journal:
    """Appends events to `path`. A line is on the disk when `append` returns.

    If the process before us died in the middle of a line, our first append ends that line, says so in a `warning`
    event, and only then writes its own.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._mended = False

    def append(self, event: str, step: int, **fields: Any) -> None:
        """Write one event. `fields` hold what JSON can hold; non-finite floats are kept as "nan" and "inf"."""
        taken = {"event", "step", "at"} & fields.keys()
        if taken:
            raise ValueError(
                f"journal event {event!r}: the field {sorted(taken)[0]!r} is written by the journal itself"
            )
        self._mend(step)
        jsonl.append(self.path, jsonl.encode({"event": event, "step": step, "at": _now(), **fields}))

    def ensure(self, event: str, step: int, same: Sequence[str] = (), **fields: Any) -> None:
        """Write an event unless it still holds: one of that name and step, equal in the fields named by `same`.

        For what is done once but may have been cut off before it was written down.
        """
        wanted = {"event": event, "step": step, **{name: fields[name] for name in same}}
        held = effective(read(self.path)) if self.path.exists() else []
        if not any(all(entry.get(name) == value for name, value in wanted.items()) for entry in held):
            self.append(event, step, **fields)

    def _mend(self, step: int) -> None:
        if self._mended:
            return
        self._mended = True
        tail = jsonl.cut_off_tail(self.path)
        if not tail:
            return
        jsonl.append(self.path, b"\n")
        if jsonl.decode(tail) is None:
            message = f"{self.path.name}: the line before this one was cut off after {len(tail)} bytes"
            self.append("warning", step, message=message)


def read(path: Path) -> list[Event]:
    """Every event of a journal. A line that is not whole becomes `{"event": "cut_off", "step", "at", "text"}`.

    Step and moment of such a line are those of the event before it; of the first line, those of the event after it.
    """
    told = [(line, _whole(line)) for line in jsonl.lines(Path(path))]
    near = next((event for _, event in told if event is not None), {"step": 0, "at": _changed(Path(path))})
    events: list[Event] = []
    for line, event in told:
        if event is None:
            event = {"event": CUT_OFF, "step": near["step"], "at": near["at"], "text": line.decode(errors="replace")}
        near = event
        events.append(event)
    return events


def _whole(line: bytes) -> Event | None:
    event = jsonl.decode(line)
    return event if event is not None and {"event", "step", "at"} <= event.keys() else None


def start_of(path: Path) -> Event | None:
    """The first start event of a journal, without reading on."""
    with open(path, "rb") as lines:
        events = (event for line in lines if (event := jsonl.decode(line)) is not None)
        return next((event for event in events if event.get("event") == "start"), None)


def effective(events: Iterable[Event]) -> list[Event]:
    """The events that still hold: a `resume` at step k undoes what was journalled before it for steps beyond k.

    One that is `anew` found no checkpoint and undoes everything but the start. An `extended` undoes the end of the run.
    Never undone are edits of the recipe and samples of the base model, since their files aren't either.
    """
    kept: list[Event] = []
    for event in events:
        if event["event"] == "resume":
            last = -1 if event.get("anew", False) else event["step"]
            kept = [e for e in kept if e["step"] <= last or _is_lasting(e)]
        elif event["event"] == "extended":
            kept = [e for e in kept if not _is_end(e, event)]
        kept.append(event)
    return kept


def holding(path: Path, kind: str) -> list[Event]:
    """The events of one kind in a journal that still hold; none where there is no journal."""
    events = effective(read(path)) if path.is_file() else []
    return [event for event in events if event["event"] == kind]


def is_finished(events: Iterable[Event]) -> bool:
    """Whether events that hold say that the run came to its end."""
    return any(event["event"] == "finish" for event in events)


def stages_over(events: Iterable[Event]) -> tuple[int, int]:
    """By events that hold: the step after which a stage ended last, and how many stages are over."""
    ended = [event for event in events if event["event"] == "stage_end"]
    return (int(ended[-1]["step"]), int(ended[-1]["index"]) + 1) if ended else (0, 0)


def _is_lasting(event: Event) -> bool:
    """Whether an event tells of what no step undoes."""
    return event["event"] in ("start", "edited") or (event["event"] == "evaluation" and event.get("model") == "base")


def _is_end(event: Event, extended: Event) -> bool:
    """Whether an event says that the run came to an end, which no longer holds as it was extended."""
    if event["step"] != extended["step"]:
        return False
    match event["event"]:
        case "stage_end":
            return bool(event["index"] == extended["stage"])
        case "evaluation":
            return bool(event["model"] != "base")
        case kind:
            return bool(kind == "finish")


def _now() -> str:
    return _written(datetime.now(UTC))


def _changed(path: Path) -> str:
    """When the file was last changed."""
    return _written(datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
