"""What keeps a run from its next step: a stop goes before a pause, and a pause waits for a person."""

from __future__ import annotations

import time
from collections.abc import Sequence

from prorl.regimen.decisions import Decision, Pause, Stop, Warn
from prorl.run.interrupt import Interrupt
from prorl.run.requests import Requests

_GLANCE = 0.2
"""Seconds between looks for what a person asks."""


def halt_of(decided: Sequence[Decision]) -> Stop | Pause | None:
    """The severest halt: the first stop, or where there is none the first pause."""
    stop = next((decision for decision in decided if isinstance(decision, Stop)), None)
    return stop or next((decision for decision in decided if isinstance(decision, Pause)), None)


def with_one_halt(decided: Sequence[Decision]) -> list[Decision]:
    """The same decisions, of whose halts only the severest is made and the others are told."""
    made = halt_of(decided)
    return [_told(d) if isinstance(d, Stop | Pause) and d is not made else d for d in decided]


def _told(halt: Stop | Pause) -> Warn:
    """What a person is told of a halt that a stop goes before."""
    if isinstance(halt, Pause):
        return Warn(f"no pause, since the run stops here ({halt.reason})")
    return Warn(f"one more reason to stop: {halt.reason}")


def goes_on(requests: Requests, interrupt: Interrupt) -> bool:
    """Wait until a person says to go on (True) or to stop (False)."""
    while not requests.take("continue"):
        if interrupt.requested or requests.take("stop"):
            return False
        time.sleep(_GLANCE)
    return True
