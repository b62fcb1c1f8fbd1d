"""What makes a run prolonged: when a stage ends, when the reference policy is reset, when to go back, pause or stop."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import Reset, Stage
from prorl.regimen.asked import Asked
from prorl.regimen.decisions import Decision, EndStage, EnterStage, Pause, ProfilePrompts, ResetReference, Stop, Warn
from prorl.regimen.health import Alarm, HealthMonitor
from prorl.regimen.resets import ResetWatch
from prorl.regimen.stage import StageClock
from prorl.regimen.validation import Best, Validated

Metrics = Mapping[str, float | int | str]

REWARD_WINDOW = 10
"""Steps whose mean reward tells the best checkpoint where there is no validation."""


class Regimen:
    """Decides after every step, from the recipe, the step's metrics, validations, and what a person asked for.

    It never acts: the loop does, and saves a checkpoint after. So everything decided at a step is in that checkpoint.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.stage = -1
        """Index of the stage that was entered last; -1 before the first."""
        self.over = False
        """Whether the last stage has ended."""
        self._ended_by: dict[str, Any] | None = None
        """What the recipe said of the end of the stage that ended last."""
        self.best = Best()
        self._enter(0)
        self.stage = -1
        self._resets = ResetWatch(self._settings.resets)
        self._health = HealthMonitor(self._settings.health)
        self._rewards: deque[float] = deque(maxlen=REWARD_WINDOW)
        self._done: list[str] = []
        """Ids of requests that were seen to; they may still lie there if the process died before it removed them."""

    def steps_left(self) -> int:
        """Steps that are still to be made, if no stage ends sooner than it must."""
        if self.over:
            return 0
        later = self.recipe.stages[max(self.stage, 0) + 1 :]
        return self._clock.stage.steps - self._clock.steps + sum(stage.steps for stage in later)

    @property
    def may_end_early(self) -> bool:
        """Whether this stage or a later one has an `until`, so that `steps_left` is the most it can be."""
        return any(stage.until is not None for stage in self.recipe.stages[max(self.stage, 0) :])

    @property
    def has_more(self) -> bool:
        """Whether the recipe asks for more, though all stages that it had were over: it was edited since."""
        return self.over and (self._goes_on() or self.stage + 1 < len(self.recipe.stages))

    def begin(self, validated: Validated | None) -> list[Decision]:
        """What comes before the first step."""
        self._measure(0, {}, validated, checkpoint=validated is not None)
        self._clock.begin(validated)
        self._resets.observe({}, validated)
        self.stage = 0
        return [EnterStage(0), *self._profiling()]

    def after(
        self, step: int, metrics: Metrics, validated: Validated | None = None, asked: Sequence[Asked] = ()
    ) -> list[Decision]:
        """What to do after `step`, in this order; at most one reset. An alarm that nothing is done about is told."""
        self._measure(step, metrics, validated, checkpoint=step % self.recipe.checkpoint.every == 0)
        self._resets.observe(metrics, validated)
        alarms = self._health.observe(step, metrics)
        ended = self._clock.observe(metrics, validated)
        new = [request for request in asked if request.id not in self._done]
        self._done = [*self._done, *(request.id for request in new)][-50:]
        decisions: list[Decision] = []
        reset = self._asked_reset(step, new)
        if isinstance(reset, Warn):
            decisions, reset = [reset], None
        reset = reset or self._alarmed_reset(step, alarms)
        if ended is not None:
            decisions += self._next_stage(ended, validated)
            reset = reset or self._entry_reset(step)
        reset = reset or (self._ruled_reset(step) if not self.over else None)
        if isinstance(reset, ResetReference):
            self._note_reset(step)
        entered = ended is not None and not self.over
        profiling = self._profiling() if entered else []
        resets: list[Decision] = [reset] if reset else []
        halts = _halts(new, alarms)
        return [*_told(alarms, [*resets, *halts]), *decisions, *resets, *profiling, *halts]

    def extend(self, step: int, validated: Validated | None) -> list[Decision]:
        """What to do before the steps that an edited recipe adds to a run that was over after `step`.

        The same as if it had asked for them from the beginning. `validated` is what `after` was told of that step.
        """
        goes_on = self._goes_on()
        self.over = False
        entered: list[Decision] = []
        if not goes_on:
            self._begin_stage(self.stage + 1, validated)
            entered = [EnterStage(self.stage)]
        reset = None
        if self._resets.last < step:  # a person or a guard may have asked for one
            reset = (None if goes_on else self._entry_reset(step)) or self._ruled_reset(step)
        if isinstance(reset, ResetReference):
            self._note_reset(step)
        return [*entered, *([reset] if reset else []), *([] if goes_on else self._profiling())]

    def disk(self, step: int, checkpoints: float) -> list[Decision]:
        """What to do when there is room for only so many more checkpoints."""
        alarms = self._health.disk(step, checkpoints)
        halts = _halts([], alarms)
        return [*_told(alarms, halts), *halts]

    def validation_due(self, step: int) -> bool:
        """Whether to validate after `step`."""
        validation = self.recipe.validation
        return validation is not None and step % validation.every == 0

    def checkpoint_due(self, step: int, decided: Sequence[Decision]) -> bool:
        """Whether to write a checkpoint after `step`: regularly, at a new best, and where more than a word was said."""
        regular = step > 0 and step % self.recipe.checkpoint.every == 0
        acted = any(not isinstance(decision, Warn | EnterStage | ProfilePrompts) for decision in decided)
        return regular or acted or self.best.step == step

    def _measure(self, step: int, metrics: Metrics, validated: Validated | None, checkpoint: bool) -> None:
        """Keep the best step: by validation, or where there is none by training reward at regular checkpoints."""
        reward = metrics.get("reward")
        if isinstance(reward, int | float) and math.isfinite(reward):
            self._rewards.append(float(reward))
        if validated is not None:
            self.best.offer(step, validated.pass_1.estimate)
        elif self.recipe.validation is None and checkpoint and self._rewards:
            self.best.offer(step, fmean(self._rewards))

    def _next_stage(self, reason: str, validated: Validated | None) -> list[Decision]:
        ended = self.stage
        if ended + 1 == len(self.recipe.stages):
            self.over, self._ended_by = True, _end_of(self._clock.stage)
            return [EndStage(ended, reason)]
        self._begin_stage(ended + 1, validated)
        return [EndStage(ended, reason), EnterStage(self.stage)]

    def _begin_stage(self, stage: int, validated: Validated | None) -> None:
        self._enter(stage)
        self._clock.begin(validated)
        self._resets.configure(self._settings.resets)
        self._health.configure(self._settings.health)
        self._health.restart()

    def _goes_on(self) -> bool:
        """Whether the stage that ended last would not have ended by what the recipe says of its end now."""
        stage = self._clock.stage
        if self._ended_by is None:  # a checkpoint of old, which doesn't tell; by steps alone it ended by these
            return stage.until is None and self._clock.ended is None
        return self._ended_by != _end_of(stage) and self._clock.ended is None

    def _note_reset(self, step: int) -> None:
        self._resets.was_reset(step)
        self._health.restart()

    def _profiling(self) -> list[Decision]:
        return [ProfilePrompts(self.stage)] if self.recipe.stages[self.stage].profile else []

    def _enter(self, stage: int) -> None:
        self.stage = stage
        self._settings = at_stage(self.recipe, stage)
        self._clock = StageClock(self.recipe.stages[stage])

    def _entry_reset(self, step: int) -> Decision | None:
        stage = self.recipe.stages[self.stage]
        if self.over or stage.reset is None:
            return None
        return self._reset(step, stage.reset, f"entry of stage {stage.name!r}")

    def _asked_reset(self, step: int, asked: Sequence[Asked]) -> Decision | None:
        resets = [request.reset for request in asked if request.reset is not None]
        if resets and resets[-1].to == "best" and self.best.step is None:
            return Warn("a reset to the best checkpoint was asked for, and there is none yet; nothing was done")
        return self._reset(step, resets[-1], "asked for by a person") if resets else None

    def _alarmed_reset(self, step: int, alarms: Sequence[Alarm]) -> Decision | None:
        for alarm in alarms:
            if alarm.action in ("reset", "roll_back"):
                reset = Reset(clear_optimizer=True, to="best" if alarm.action == "roll_back" else "current")
                return self._reset(step, reset, _said(alarm))
        return None

    def _ruled_reset(self, step: int) -> Decision | None:
        reason = self._resets.due(step)
        return self._reset(step, self._settings.resets.reset, reason) if reason else None

    def _reset(self, step: int, reset: Reset, reason: str) -> Decision:
        if reset.to == "current" or self.best.step == step:
            return ResetReference("current", step, reset.clear_optimizer, reason)
        if self.best.step is None:
            return Stop(f"{reason}; there is no checkpoint to go back to")
        return ResetReference("best", self.best.step, reset.clear_optimizer, reason)

    def state_dict(self) -> dict[str, Any]:
        """Everything that later decisions depend on."""
        return {
            "stage": self.stage,
            "over": self.over,
            "ended_by": self._ended_by,
            "clock": self._clock.state_dict(),
            "best": self.best.state_dict(),
            "resets": self._resets.state_dict(),
            "health": self._health.state_dict(),
            "rewards": list(self._rewards),
            "done": self._done,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self._enter(state["stage"])
        self.over, self._ended_by = state["over"], state.get("ended_by")
        self._clock.load_state_dict(state["clock"])
        self.best.load_state_dict(state["best"])
        self._resets.configure(self._settings.resets)
        self._resets.load_state_dict(state["resets"])
        self._health.configure(self._settings.health)
        self._health.load_state_dict(state["health"])
        self._rewards = deque(state["rewards"], maxlen=REWARD_WINDOW)
        self._done = list(state["done"])


def _end_of(stage: Stage) -> dict[str, Any]:
    """What a recipe says of the end of a stage."""
    return stage.model_dump(mode="json", include={"steps", "until"})


def _said(alarm: Alarm) -> str:
    return f"{alarm.guard}: {alarm.reason}"


def _told(alarms: Sequence[Alarm], acted: Sequence[Decision]) -> list[Decision]:
    """A warning for every alarm that no decision speaks of: it asked for no more, or something else goes before it."""
    spoken_of = {getattr(decision, "reason", "") for decision in acted}
    return [Warn(_said(alarm)) for alarm in alarms if not any(r.startswith(_said(alarm)) for r in spoken_of)]


def _halts(asked: Sequence[Asked], alarms: Sequence[Alarm]) -> list[Decision]:
    """Whatever keeps the next step from being made; stopping goes before pausing."""
    stops: list[Decision] = [Stop("asked for by a person", asked=True) for request in asked if request.kind == "stop"]
    stops += [Stop(_said(a)) for a in alarms if a.action == "stop"]
    last = next((request.kind for request in reversed(asked) if request.kind in ("pause", "continue")), None)
    pauses: list[Decision] = [Pause("asked for by a person")] if last == "pause" else []
    pauses += [Pause(_said(a)) for a in alarms if a.action == "pause"]
    return stops[:1] or pauses[:1]
