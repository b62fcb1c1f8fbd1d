"""Guards as a recipe names them: what is watched, from where on it is a danger, and what is done about it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from prorl.recipe.section import Count, Section

Action = Literal["warn", "reset", "roll_back", "pause", "stop"]
"""Say it; make the policy the reference; go back to the best checkpoint; wait for a person; checkpoint and leave."""


class Guard(Section):
    """What all guards have."""

    action: Action = "warn"
    """What is done when the guard fires: warn, reset, roll_back, pause or stop."""
    window: Count = 10
    """Steps with a value that are looked at together; a guard says nothing before it has seen that many since the stage
    began or the reference was last reset."""


class Threshold(Guard):
    """Fires when the mean of a signal over the window is out of bounds.

    The mean is over the last `window` values. A step without one (no update: no KL) is passed over, but values that
    are 2 * `window` steps old or older count no more. The relative bounds are factors on the baseline: the signal's
    mean over the first window since the stage began or the reference was last reset, if it is above 0.
    """

    signal: str
    """A metric of the step, such as `truncated` or `effective/reasoning_gym/gcd`."""
    above: float | None = None
    below: float | None = None
    above_times: PositiveFloat | None = None
    """Times the baseline."""
    below_times: PositiveFloat | None = None
    """Times the baseline."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Threshold:
        if self.above is self.below is self.above_times is self.below_times is None:
            raise ValueError("a guard needs at least one of above, below, above_times and below_times")
        return self


class Collapse(Guard):
    """Reward falls while KL or entropy runs away: the policy is being destroyed."""

    action: Action = "roll_back"
    reward_drop: float = Field(default=0.3, gt=0.0, lt=1.0)
    """Share by which the mean reward of the window lies below that of the best one since the stage began or the
    reference was last reset."""
    least_drop: float = Field(default=0.05, ge=0.0)
    """The fall in reward must be at least this, too: thirty per cent of next to nothing is noise."""
    least_z: float = Field(default=4.0, ge=0.0)
    """And at least so many standard errors of the difference of two windows' means, by how much the reward varies from
    step to step. The best of many windows is lucky, the more so the fewer prompts a step has."""
    kl_above: PositiveFloat = 0.5
    """Nats per token to the reference policy."""
    entropy_below_times: PositiveFloat = 0.2
    """Times the baseline."""
    entropy_above_times: PositiveFloat = 3.0
    """Times the baseline."""


class Truncation(Threshold):
    """Most completions are cut off: nothing is learnt but that length doesn't pay."""

    signal: str = "truncated"
    above: float | None = 0.6


class ZeroSignal(Threshold):
    """No group carries a signal: nothing is learnt while time is spent."""

    action: Action = "stop"
    window: Count = 8
    signal: str = "zero_signal"
    above: float | None = 0.999


class NonFinite(Threshold):
    """The gradient was not finite; no update was made from it."""

    action: Action = "roll_back"
    window: Count = 1
    signal: str = "non_finite"
    above: float | None = 0.0


class VerifierFailures(Threshold):
    """The verifier itself fails or times out: rewards no longer speak of the answers.

    The bound is above 1 / `window`: one step in which all fail, as on a machine that was asleep, ends no run by itself.
    """

    action: Action = "stop"
    window: Count = 5
    signal: str = "verifier_failures"
    above: float | None = 0.25


class StaleWeights(Threshold):
    """Completions were sampled by older weights than `cluster.staleness` allows."""

    action: Action = "stop"
    window: Count = 1
    signal: str = "weights_overdue"
    above: float | None = 0.0


class Mismatch(Threshold):
    """Sampler and trainer disagree on the probabilities of the same tokens."""

    window: Count = 5
    signal: str = "mismatch_kl"
    above: float | None = 0.05


class Dropped(Threshold):
    """Much of what was sampled is in no update, since sampler and trainer are too far apart for the correction."""

    window: Count = 5
    signal: str = "dropped"
    above: float | None = 0.25


class Runaway(Threshold):
    """KL to the reference policy is large: time for a reset. If reward falls too, `collapse` is there for it."""

    window: Count = 5
    signal: str = "kl"
    above: float | None = 2.0


class Entropy(Threshold):
    """Entropy is nearly gone: all samples of a prompt will soon be the same."""

    signal: str = "entropy"
    below_times: PositiveFloat | None = 0.1


class Length(Threshold):
    """Completions grow much longer than they were: often repetition, or a reward that pays for length."""

    signal: str = "length_mean"
    above_times: PositiveFloat | None = 3.0


class Repeating(Threshold):
    """Completions repeat themselves."""

    signal: str = "repetition"
    above: float | None = 0.3


class Clipping(Threshold):
    """Most tokens are clipped: updates per step or learning rate are too large."""

    signal: str = "clipped"
    above: float | None = 0.3


class GradNorm(Threshold):
    """Gradients are far larger than they were."""

    window: Count = 3
    signal: str = "grad_norm"
    above_times: PositiveFloat | None = 20.0


class Disk(Section):
    """The disk is about to be full. Fires once it has room for fewer checkpoints than this."""

    action: Literal["warn", "pause", "stop"] = "stop"
    checkpoints: PositiveFloat = 2.0


class OneAnswer(Section):
    """A validation finds nearly the same answer to all problems of a task, and that is wrong for many of them.

    A mean over tasks doesn't show it, least of all where that answer is right now and then. A task is told of once, and
    again when it had come back to several answers in between.
    """

    action: Action = "warn"
    """What is done when the guard fires: warn, reset, roll_back, pause or stop."""
    above: float = Field(default=0.9, gt=0.0, lt=1.0)
    """Share of a task's completions that give its most frequent answer, above which it counts as the only one."""
    right_below: float = Field(default=0.9, gt=0.0, le=1.0)
    """Where this share of them or more are right, nothing is amiss: the problems have the same solution."""
    problems: Count = 4
    """Nothing is said of tasks with fewer problems in validation."""


class Health(Section):
    """All guards; null switches one off. After one has acted it is silent for `cooldown` steps."""

    collapse: Collapse | None = Collapse()
    truncation: Truncation | None = Truncation()
    zero_signal: ZeroSignal | None = ZeroSignal()
    non_finite: NonFinite | None = NonFinite()
    verifier_failures: VerifierFailures | None = VerifierFailures()
    stale_weights: StaleWeights | None = StaleWeights()
    mismatch: Mismatch | None = Mismatch()
    dropped: Dropped | None = Dropped()
    runaway: Runaway | None = Runaway()
    entropy: Entropy | None = Entropy()
    length: Length | None = Length()
    repeating: Repeating | None = Repeating()
    clipping: Clipping | None = Clipping()
    grad_norm: GradNorm | None = GradNorm()
    one_answer: OneAnswer | None = OneAnswer()
    disk: Disk | None = Disk()
    custom: dict[str, Threshold] = Field(default_factory=dict)
    """Guards of one's own, by name; the name of another guard is taken."""
    cooldown: int = Field(default=20, ge=0)
    """Steps after its firing in which a guard is silent."""
    most_roll_backs: Count = 3
    """A guard that asks for one roll-back more stops the run instead."""

    @model_validator(mode="after")
    def _names_are_free(self) -> Health:
        for name in self.custom:
            if name in type(self).model_fields:
                raise ValueError(f"custom guard {name!r} needs another name: that one is a key of health")
        return self
