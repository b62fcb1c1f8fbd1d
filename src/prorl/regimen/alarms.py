"""What keeps the next step from being made, and what is told of alarms that no decision speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from prorl.regimen.asked import Asked
from prorl.regimen.decisions import Decision, Pause, Stop, Warn
from prorl.regimen.health import Alarm


def said(alarm: Alarm) -> str:
    """The alarm in one line."""
    return f"{alarm.guard}: {alarm.reason}"


def told(alarms: Sequence[Alarm], acted: Sequence[Decision]) -> list[Decision]:
    """A warning for every alarm that no decision speaks of: it asked for no more, or something else goes before it."""
    spoken_of = {getattr(decision, "reason", "") for decision in acted}
    return [Warn(said(alarm)) for alarm in alarms if not any(r.startswith(said(alarm)) for r in spoken_of)]


def halts(asked: Sequence[Asked], alarms: Sequence[Alarm], stuck: Sequence[Stop] = ()) -> list[Decision]:
    """Whatever keeps the next step from being made; stopping goes before pausing.

    `stuck` are resets that can't be made for want of a checkpoint to go back to.
    """
    stops: list[Decision] = [Stop("asked for by a person", asked=True) for request in asked if request.kind == "stop"]
    stops += [Stop(said(a)) for a in alarms if a.action == "stop"]
    stops += stuck
    last = next((request.kind for request in reversed(asked) if request.kind in ("pause", "continue")), None)
    pauses: list[Decision] = [Pause("asked for by a person")] if last == "pause" else []
    pauses += [Pause(said(a)) for a in alarms if a.action == "pause"]
    return stops[:1] or pauses[:1]
