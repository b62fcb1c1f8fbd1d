"""Watches the metrics of the steps and says what has gone wrong, and what the recipe wants done about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from prorl.recipe.health import Action, Health
from prorl.regimen.guards import guards_of, signals, why
from prorl.regimen.one_answer import in_words, settled
from prorl.regimen.validation import Validated
from prorl.regimen.windows import Window

SEVEREST_FIRST: tuple[Action, ...] = ("stop", "pause", "roll_back", "reset", "warn")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A guard has fired."""

    guard: str
    """Its name in `Health`, or the one that the recipe gave it."""
    action: Action
    """What is to be done."""
    reason: str
    """One line for a person: the signal, its value, the steps and the bound."""


class HealthMonitor:
    """Watches the metrics of the steps.

    Its state is the windows, how long each guard stays silent, the number of roll-backs, and which tasks had one answer
    when they were looked at last. It decides and does nothing itself: who decides on a reset calls `restart`, and
    `rolled_back` too if an alarm asked for it to go back. The state of the checkpoint that was gone back to is not
    loaded, or the count of roll-backs would go back as well.
    """

    def __init__(self, settings: Health | None) -> None:
        self._windows: dict[tuple[str, int], Window] = {}
        self._silent_until: dict[str, int] = {}
        self._roll_backs = 0
        self._settled: list[str] = []
        self.configure(settings)

    def configure(self, settings: Health | None) -> None:
        """Take over a stage's settings; None: say nothing.

        A window belongs to a signal and a length, and guards share it. It stays as long as some guard needs it, so a
        changed bound is held against what was seen before; `restart` makes it forget.
        """
        self._settings = settings
        self._guards = guards_of(settings)
        needed = [(signal, guard.window) for guard in self._guards.values() for signal in signals(guard)]
        self._windows = {key: self._windows.get(key) or Window(key[1]) for key in needed}

    def observe(
        self, step: int, metrics: Mapping[str, float | int | str], validated: Validated | None = None
    ) -> list[Alarm]:
        """Take note of a step and its validation; the alarms after it, severest first.

        A metric that is missing or NaN isn't observed.
        """
        for (signal, _), window in self._windows.items():
            value = metrics.get(signal)
            if isinstance(value, int | float) and not math.isnan(value):
                window.observe(step, float(value))
        alarms = []
        for name, guard in self._guards.items():
            own = {signal: self._windows[signal, guard.window] for signal in signals(guard)}
            if reason := why(guard, own, step):
                alarms.append(Alarm(name, guard.action, reason))
        return self._give(step, alarms + self._one_answer(step, validated))

    def _one_answer(self, step: int, validated: Validated | None) -> list[Alarm]:
        """One alarm for all tasks that came to a single answer; while the guard is silent it doesn't look."""
        guard = self._settings.one_answer if self._settings else None
        if guard is None or validated is None or self._silent("one_answer", step):
            return []
        before, self._settled = self._settled, settled(guard, validated.frequent)
        new = [in_words(task, validated.frequent[task]) for task in self._settled if task not in before]
        return [Alarm("one_answer", guard.action, "; ".join(new))] if new else []

    def disk(self, step: int, checkpoints: float) -> list[Alarm]:
        """The alarm, if any, after `step`, when the disk has room for so many more checkpoints."""
        settings = self._settings.disk if self._settings else None
        if settings is None or not checkpoints < settings.checkpoints:
            return []
        room = f"disk has room for {checkpoints:.3g} checkpoints in step {step}, below {settings.checkpoints:g}"
        return self._give(step, [Alarm("disk", settings.action, room)])

    def _give(self, step: int, alarms: list[Alarm]) -> list[Alarm]:
        """Those of guards that are not silent, in order of severity; equally severe ones stay in the guards' order."""
        if self._settings is None:
            return []
        alarms = [alarm for alarm in alarms if not self._silent(alarm.guard, step)]
        self._silent_until |= {alarm.guard: step + self._settings.cooldown for alarm in alarms}
        if self._roll_backs >= self._settings.most_roll_backs:
            alarms = [self._in_place_of_roll_back(alarm) for alarm in alarms]
        return sorted(alarms, key=lambda alarm: SEVEREST_FIRST.index(alarm.action))

    def _silent(self, guard: str, step: int) -> bool:
        return step <= self._silent_until.get(guard, -1)

    def _in_place_of_roll_back(self, alarm: Alarm) -> Alarm:
        if alarm.action != "roll_back":
            return alarm
        tried = f"{self._roll_backs} roll-back{'s have' if self._roll_backs > 1 else ' has'} not helped"
        return replace(alarm, action="stop", reason=f"{alarm.reason}; {tried}")

    def rolled_back(self) -> None:
        """A roll-back is made: one for all guards that ask for it in the same step."""
        self._roll_backs += 1

    def restart(self) -> None:
        """Windows, baselines and bests begin afresh: after a stage's entry, a reset or a roll-back.

        Cool-downs and the count of roll-backs stay.
        """
        self._windows = {key: Window(key[1]) for key in self._windows}

    def state_dict(self) -> dict[str, Any]:
        """Everything observed, as strict JSON with exact floats; settings are the recipe's."""
        windows = [{"signal": signal} | window.state_dict() for (signal, _), window in self._windows.items()]
        return {
            "windows": windows,
            "silent_until": dict(self._silent_until),
            "roll_backs": self._roll_backs,
            "settled": self._settled,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, before or after `configure`. KeyError if something is missing from it."""
        loaded = {(saved["signal"], saved["size"]): Window.from_state(saved) for saved in state["windows"]}
        self._windows = {key: Window(key[1]) for key in self._windows} | loaded
        self._silent_until = dict(state["silent_until"])
        self._roll_backs = state["roll_backs"]
        self._settled = list(state.get("settled", []))  # states of earlier versions lack it
