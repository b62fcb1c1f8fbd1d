"""What makes a run prolonged: when a stage ends, when the reference policy is reset, when to go back, pause or stop."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import Stage
from prorl.regimen.alarms import halts, said, told
from prorl.regimen.asked import Asked
from prorl.regimen.candidates import Candidate, Candidates, Choice, choose
from prorl.regimen.decisions import Decision, EndStage, EnterStage, ProfilePrompts, Warn
from prorl.regimen.health import Alarm, HealthMonitor
from prorl.regimen.resets import ResetWatch
from prorl.regimen.stage import StageClock
from prorl.regimen.validation import Best, Validated, doubt

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
        validated, doubts = self._counting(validated)
        self._measure(0, {}, validated, checkpoint=validated is not None)
        self._clock.begin(validated)
        self._resets.observe({}, validated)
        self.stage = 0
        return [EnterStage(0), *self._profiling(), *doubts]

    def after(
        self, step: int, metrics: Metrics, validated: Validated | None = None, asked: Sequence[Asked] = ()
    ) -> list[Decision]:
        """What to do after `step`, in this order; at most one reset. An alarm that nothing is done about is told."""
        validated, doubts = self._counting(validated)
        self._measure(step, metrics, validated, checkpoint=step % self.recipe.checkpoint.every == 0)
        self._resets.observe(metrics, validated)
        alarms = self._health.observe(step, metrics, validated)
        ended = self._clock.observe(metrics, validated)
        new = [request for request in asked if request.id not in self._done]
        self._done = [*self._done, *(request.id for request in new)][-50:]
        stages = self._next_stage(ended, validated) if ended is not None else []
        entered = ended is not None and not self.over
        choice = self._one_reset(step, new, alarms, entered)
        profiling = self._profiling() if entered else []
        held = halts(new, alarms, choice.stuck)
        words = [*told(alarms, [*choice.resets, *held]), *doubts]
        return [*words, *stages, *choice.warnings, *choice.resets, *profiling, *held]

    def extend(self, step: int, validated: Validated | None) -> list[Decision]:
        """What to do before the steps that an edited recipe adds to a run that was over after `step`.

        The same as if it had asked for them from the beginning. `validated` is what `after` was told of that step.
        """
        goes_on = self._goes_on()
        validated, _ = self._counting(validated)
        self.over = False
        entered: list[Decision] = []
        if not goes_on:
            self._begin_stage(self.stage + 1, validated)
            entered = [EnterStage(self.stage)]
        # a person or a guard may have asked for a reset at that step
        choice = self._one_reset(step, [], [], entered=not goes_on) if self._resets.last < step else Choice()
        profiling = [] if goes_on else self._profiling()
        return [*entered, *choice.warnings, *choice.resets, *profiling, *choice.stuck]

    def disk(self, step: int, checkpoints: float) -> list[Decision]:
        """What to do when there is room for only so many more checkpoints."""
        alarms = self._health.disk(step, checkpoints)
        held = halts([], alarms)
        return [*told(alarms, held), *held]

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

    def _counting(self, validated: Validated | None) -> tuple[Validated | None, list[Decision]]:
        """The validation if it may steer the run; if not, a word on why."""
        reason = doubt(validated, self._settings.health) if validated is not None else None
        return (None, [Warn(reason)]) if reason else (validated, [])

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

    def _profiling(self) -> list[Decision]:
        return [ProfilePrompts(self.stage)] if self.recipe.stages[self.stage].profile else []

    def _enter(self, stage: int) -> None:
        self.stage = stage
        self._settings = at_stage(self.recipe, stage)
        self._clock = StageClock(self.recipe.stages[stage])

    def _one_reset(self, step: int, asked: Sequence[Asked], alarms: Sequence[Alarm], entered: bool) -> Choice:
        """What is reset after `step`, noted as done."""
        choice = choose(self._candidates(step, asked, alarms, entered))
        for reset in choice.resets:
            self._resets.was_reset(step)
            self._health.restart()
            if any(alarm.action == "roll_back" and said(alarm) == reset.reason for alarm in alarms):
                self._health.rolled_back()
        return choice

    def _candidates(
        self, step: int, asked: Sequence[Asked], alarms: Sequence[Alarm], entered: bool
    ) -> Iterator[Candidate]:
        """In order of rank: what a person asks for, then guards, then the entry of a stage, then rules."""
        candidates = Candidates(step, self.best.step)
        yield from candidates.asked(asked)
        yield from candidates.alarmed(alarms)
        if entered:
            yield from candidates.entry(self.recipe.stages[self.stage])
        reason = self._resets.due(step) if not self.over else None
        if reason:
            yield candidates.wanted(self._settings.resets.reset, reason)

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
