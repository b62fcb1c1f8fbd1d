"""Resets that are called for after a step, who calls for them, and which of them is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prorl.recipe.stages import Reset, Stage
from prorl.regimen.alarms import said
from prorl.regimen.asked import Asked
from prorl.regimen.decisions import ResetReference, Stop, Warn
from prorl.regimen.health import Alarm

Candidate = ResetReference | Warn | Stop
"""A reset, or what to do about one that can't be made."""


@dataclass(frozen=True, slots=True)
class Choice:
    """At most one reset, and what to do about those before it in rank that can't be made."""

    resets: list[ResetReference] = field(default_factory=list)
    warnings: list[Warn] = field(default_factory=list)
    stuck: list[Stop] = field(default_factory=list)
    """Stops for want of a checkpoint to go back to."""


def choose(candidates: Iterable[Candidate]) -> Choice:
    """The first reset of the candidates, which are in order of rank."""
    choice = Choice()
    for candidate in candidates:
        if isinstance(candidate, ResetReference):
            choice.resets.append(candidate)
            break
        if isinstance(candidate, Warn):
            choice.warnings.append(candidate)
        else:
            choice.stuck.append(candidate)
    return choice


@dataclass(frozen=True, slots=True)
class Candidates:
    """Makes candidates of what is wanted after `step`, where `best` is the best step so far, if there is one."""

    step: int
    best: int | None

    def asked(self, requests: Sequence[Asked]) -> Iterator[Candidate]:
        """What a person wants: the last of several."""
        resets = [request.reset for request in requests if request.reset is not None]
        if resets and resets[-1].to == "best" and self.best is None:
            yield Warn("a reset to the best checkpoint was asked for, and there is none yet; nothing was done")
        elif resets:
            yield self.wanted(resets[-1], "asked for by a person")

    def alarmed(self, alarms: Sequence[Alarm]) -> Iterator[Candidate]:
        """What the severest alarm that asks for a reset wants."""
        alarm = next((alarm for alarm in alarms if alarm.action in ("reset", "roll_back")), None)
        if alarm is not None:
            to_best = alarm.action == "roll_back"
            yield self.wanted(Reset(clear_optimizer=True, to="best" if to_best else "current"), said(alarm))

    def entry(self, stage: Stage) -> Iterator[Candidate]:
        """That of a stage that begins. It is made in any case, for the stage is entered only once."""
        if stage.reset is None:
            return
        reset, reason = stage.reset, f"entry of stage {stage.name!r}"
        if reset.to == "best" and self.best is None:
            yield Warn(f"{reason}: there is no best checkpoint to go back to, so the policy stays as it is")
            reset = reset.model_copy(update={"to": "current"})
        yield self.wanted(reset, reason)

    def wanted(self, reset: Reset, reason: str) -> ResetReference | Stop:
        """The reset, or a stop where it goes back and there is nowhere to go."""
        if reset.to == "current" or self.best == self.step:
            return ResetReference("current", self.step, reset.clear_optimizer, reason)
        if self.best is None:
            return Stop(f"{reason}; there is no checkpoint to go back to")
        return ResetReference("best", self.best, reset.clear_optimizer, reason)
