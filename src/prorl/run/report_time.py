"""Where a run's time went: by the journal's clock from beginning to end, and by what it was spent on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prorl.run.progress import duration
from prorl.run.report_charts import PHASES, Chart
from prorl.run.report_data import RunFiles, finite

OFF, PAUSED, BASE, FINAL = "no process", "paused", "evaluation of the base model", "evaluation of the trained model"
BEFORE, AFTER = "before the first step", "after the last step"
_COLOURS = {OFF: "--line", PAUSED: "--panel", BASE: "--second", FINAL: "--second"}
_STAGE_COLOURS = ("--trained", "--stage", "--base")


@dataclass(slots=True)
class Stretch:
    """What went on from `begins` to `ends`, in seconds since the run began."""

    what: str
    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        """How long."""
        return self.ends - self.begins


def stretches(files: RunFiles) -> list[Stretch]:
    """The run's whole time by the journal's clock, without gaps.

    What lies between the last entry of a process and the resume of the next is `no process`, though the first of it
    may have been work that was lost.
    """
    found: list[Stretch] = []
    stages: list[tuple[int, str]] = []
    ended: int | None = None
    """The step after which the last stage was over."""
    evaluated = files.recipe.get("evaluation", True)
    now, final = (BASE, FINAL) if evaluated else (BEFORE, AFTER)
    entered = {int(event["step"]) for event in files.events if event["event"] == "stage"}
    began = before = _moment(files.events[0]) if files.events else 0.0
    for event in files.events:
        at = max(before, _moment(event))
        what = OFF if event["event"] == "resume" else now
        if at > before:
            if found and found[-1].what == what:
                found[-1].ends = at - began
            else:
                found.append(Stretch(what, before - began, at - began))
        before = at
        if event["event"] == "stage":
            stages.append((int(event["step"]), f"stage {event.get('name', '')}"))
        if event["event"] in ("stage", "stage_end", "extended"):
            ended = int(event["step"]) if event["event"] == "stage_end" else None
        over = ended is not None and ended <= event["step"]
        goes_on = event["event"] == "stage_end" and event["step"] in entered  # the next stage is about to begin
        ends = event["event"] == "stage_end" or (event["event"] == "resume" and over)
        now = final if ends and not goes_on else _after(event, now, stages)
    return found


def _after(event: dict[str, Any], now: str, stages: list[tuple[int, str]]) -> str:
    """What goes on after an event."""
    current = next((name for step, name in reversed(stages) if step <= event["step"]), now)
    match event["event"]:
        case "stage" | "continue" | "resume" | "extended":
            return current
        case "pause":
            return PAUSED
        case "evaluation" if event.get("model") == "base":
            return BEFORE
    return now


def timeline(files: RunFiles) -> Chart | None:
    """One bar from the beginning to the end, in stretches."""
    found = stretches(files)
    if not found:
        return None
    scale, unit = (3600, "hours") if found[-1].ends > 3 * 3600 else (60, "minutes")
    names = [s.what for s in found if s.what.startswith("stage ")]
    colours = {name: _STAGE_COLOURS[i % len(_STAGE_COLOURS)] for i, name in enumerate(dict.fromkeys(names))}
    data = [
        {
            "type": "bar", "orientation": "h", "y": [""],
            "x": [stretch.seconds / scale], "base": [stretch.begins / scale],
            "name": stretch.what, "showlegend": False,
            "text": [stretch.what], "textposition": "inside", "insidetextanchor": "middle", "textangle": 0,
            "marker": {"color": _COLOURS.get(stretch.what) or colours.get(stretch.what, "--line")},
            "hovertemplate": f"{stretch.what}: {duration(stretch.seconds)}<extra></extra>",
        }
        for stretch in found
    ]  # fmt: skip
    layout = {
        "barmode": "overlay", "xaxis": {"title": {"text": unit}}, "yaxis": {"visible": False},
        "uniformtext": {"minsize": 9, "mode": "hide"},
    }  # fmt: skip
    return {"id": "timeline", "title": "The run by the clock", "data": data, "layout": layout, "height": 120}


def time_spent(files: RunFiles) -> list[dict[str, Any]]:
    """Seconds by what they were spent on, with their share of all working time; what took none is left out."""
    labels = {phase: label for phase, label, _ in PHASES}
    totals = {phase: _total(files, f"{phase}_seconds") for phase in labels}
    steps = _total(files, "seconds")
    evaluation = sum(stretch.seconds for stretch in stretches(files) if stretch.what in (BASE, FINAL))
    everything = steps + totals["validate"] + totals["checkpoint"] + evaluation
    if steps <= 0:
        return []
    totals["evaluate"] = evaluation
    totals["other"] = max(0.0, steps - totals["sample"] - totals["verify"] - totals["train"])
    labels |= {"evaluate": "evaluations", "other": "everything else in a step"}
    return [
        {"phase": phase, "label": labels[phase], "time": duration(seconds), "share": seconds / everything}
        for phase, seconds in totals.items()
        if seconds > 0
    ]


def speed(files: RunFiles) -> str:
    """Tokens sampled, seconds and tokens per second over the whole run."""
    seconds = _total(files, "seconds")
    tokens = sum(finite(record.get("completion_tokens")) or 0.0 for record in files.metrics)
    rate = f", {tokens / seconds:,.0f} tokens/s" if seconds else ""
    return f"{len(files.timings)} steps in {duration(seconds)}, {tokens:,.0f} completion tokens{rate}"


def _total(files: RunFiles, name: str) -> float:
    return sum(finite(record.get(name)) or 0.0 for record in files.timings)


def _moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()
