"""What a stage is, how it ends, and when the reference policy is reset, as a recipe says it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from prorl.recipe.section import Count, Section, Temperature

Source = Literal["current", "best"]
"""Which policy becomes the reference: the current one, or that of the best checkpoint, and then the run's too."""

WORKED_SOLUTIONS = "worked_solutions"


class Reset(Section):
    """Make a policy the new reference policy, as one event with the optimizer. KL is exactly 0 after it."""

    clear_optimizer: bool = True
    """Start the optimizer afresh too (ProRL v1); false keeps its moments (ProRL v2)."""
    to: Source = "current"
    """`best` also makes the policy that of the best checkpoint: a roll-back."""


class Plateau(Section):
    """Validation makes no progress.

    Progress is a gain over the validation that made the last progress, paired by problem, of at least `min_gain` and
    with a confidence interval that lies above 0.
    """

    patience: Count = 5
    """Validations in a row without progress."""
    min_gain: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of mean pass@1, between 0 and 1."""
    level: float = Field(default=0.8, gt=0.0, lt=1.0)
    """Of the confidence interval."""


class Target(Section):
    """A metric has reached a value."""

    metric: str = "validation/pass_1"
    """A metric that the stage's steps have, or `validation/pass_1` or `validation/pass_k`."""
    at_least: float
    window: Count = 1
    """Steps (or validations) whose mean is taken."""


class Until(Section):
    """What ends a stage before its steps are up."""

    plateau: Plateau | None = None
    target: Target | None = None


class Imitation(Section):
    """A stage that learns from solutions by cross-entropy instead of from rewards: a cold start."""

    source: str = WORKED_SOLUTIONS
    """`worked_solutions` of the stage's tasks, or the path of a JSONL file: {"messages": [...]} with an answer of the
    assistant's at the end, or {"prompt": ..., "completion": ...}."""


class Profiling(Section):
    """Sample the prompts that come next before the stage begins, and ask only those that teach."""

    problems: Count
    """Prompts that are sampled."""
    samples: Count = 8
    """Completions of each. Those of them solved never or always are not asked in this stage."""


class Stage(Section):
    """A stretch of the run. What it sets stays set in the stages after it."""

    name: str
    steps: Count
    """At most this many."""
    until: Until | None = None
    """What may end it sooner."""
    reset: Reset | None = None
    """Made on entry."""
    imitate: Imitation | None = None
    """null: reinforcement learning."""
    profile: Profiling | None = None
    """Made on entry."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Dotted keys of the staged sections and their new values. A task is addressed by its name:
    `tasks.reasoning_gym/gcd.weight`."""


class CustomRule(Section):
    """A reset rule of one's own."""

    rule: str
    """`package.module:function`; called after every step with the metrics of the last `window` steps since the last
    reset, oldest first, and with `options` by name. It returns why to reset, or None."""
    window: Count = 20
    """Steps that it is shown; it is called once there are so many."""
    options: dict[str, Any] = Field(default_factory=dict)


class ResetRules(Section):
    """When the reference policy is reset besides on a stage's entry. null: that rule is off."""

    every: Count | None = None
    """Steps since the last reset."""
    plateau: Plateau | None = None
    kl_above: PositiveFloat | None = None
    """Nats per token, mean over `window` steps."""
    entropy_below: PositiveFloat | None = None
    """Nats per token, mean over `window` steps."""
    entropy_above: PositiveFloat | None = None
    """Nats per token, mean over `window` steps."""
    window: Count = 5
    custom: dict[str, CustomRule] = Field(default_factory=dict)
    """Rules of one's own, by name."""
    cooldown: int = Field(default=20, ge=0)
    """Steps after any reset in which no rule fires, so that they can't thrash; `every`, if that is less and this isn't
    given."""
    clear_optimizer: bool = True
    to: Source = "current"

    @model_validator(mode="before")
    @classmethod
    def _cooled_down_by_then(cls, given: Any) -> Any:
        every = given.get("every") if isinstance(given, dict) else None
        if type(every) is not int or "cooldown" in given:
            return given
        return {**given, "cooldown": max(0, min(every, cls.model_fields["cooldown"].default))}

    @model_validator(mode="after")
    def _every_is_kept(self) -> ResetRules:
        if self.every is not None and self.every < self.cooldown:
            raise ValueError(
                f"every is {self.every} and cooldown {self.cooldown}: no rule fires in the cool-down, so resets "
                f"would be {self.cooldown} steps apart; lower resets.cooldown to {self.every} or less"
            )
        return self

    @property
    def reset(self) -> Reset:
        """What a rule that fires does."""
        return Reset(clear_optimizer=self.clear_optimizer, to=self.to)


class Validation(Section):
    """Regular measurement on held-out problems that may steer the run; the final comparison uses others."""

    every: Count = 10
    """Steps between validations; there is one before the first step besides."""
    problems_per_task: Count = 8
    samples: Count = 4
    """Completions of each problem; pass@k is reported for k = this."""
    temperature: Temperature | None = None
    """null: as in the stage's rollouts."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Keep the likeliest tokens of this probability."""
    max_new_tokens: Count | None = None
    """null: as in the stage's rollouts."""


def check_stages(stages: tuple[Stage, ...]) -> None:
    """Raises ValueError for stages that don't follow from one another."""
    if stages[0].reset is not None:
        raise ValueError(f"stage {stages[0].name!r} is the first: there is nothing to reset on its entry")
    for before, stage in pairwise(stages):
        if before.imitate and not stage.imitate and stage.reset is None:
            raise ValueError(
                f"stage {stage.name!r} follows the imitating stage {before.name!r} and would be pulled back to the "
                "policy from before it; give it a reset"
            )
