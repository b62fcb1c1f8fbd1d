"""What a person asks of a run that makes no step just now, since its base or trained model is evaluated."""

from __future__ import annotations

from prorl.regimen.alarms import halts
from prorl.run.loop import Loop


class LeftEarly(Exception):
    """A person stopped the run; all that a step made is saved, and what was sampled since is sampled anew."""


def heed(loop: Loop) -> None:
    """Pause or stop if that was asked for; a reset waits for the next step. Raises LeftEarly once the run is left."""
    asked = [request for request in loop.requests.pending() if request.kind != "reset"]
    decided = halts(asked, [])
    for decision in decided:
        loop.carry_out(decision)
    loop.requests.remove(asked)
    if not loop.may_go_on(decided):
        raise LeftEarly


def tell_what_came_too_late(loop: Loop) -> None:
    """Forget what was asked of a run that is over, so that it isn't done to the run when that is extended."""
    late = loop.requests.pending()
    for request in late:
        message = f"{request.kind}: asked for when the run was over; it isn't done"
        loop.journal.ensure("warning", loop.step, ["message"], message=message)
        loop.progress.event(message)
    loop.requests.remove(late)
