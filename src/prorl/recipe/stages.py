"""What a stage is, how it ends, and when the reference policy is reset, as a recipe says it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from prorl.recipe.section import Section

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

    patience: PositiveInt = 5
    """Validations in a row without progress."""
    min_gain: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of mean pass@1, between 0 and 1."""
    level: float = Field(default=0.8, gt=0.0, lt=1.0)
    """Of the confidence interval."""


class Target(Section):
    """A metric has reached a value."""

    metric: str = "validation/pass_1"
    """A metric of the step, or `validation/pass_1` or `validation/pass_k`."""
    at_least: float
    window: PositiveInt = 1
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

    problems: PositiveInt
    """Prompts that are sampled."""
    samples: PositiveInt = 8
    """Completions of each. Those of them solved never or always are not asked in this stage."""


class Stage(Section):
    """A stretch of the run. What it sets stays set in the stages after it."""

    name: str
    steps: PositiveInt
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
    window: PositiveInt = 20
    """Steps that it is shown; it is called once there are so many."""
    options: dict[str, Any] = Field(default_factory=dict)


class ResetRules(Section):
    """When the reference policy is reset besides on a stage's entry. null: that rule is off."""

    every: PositiveInt | None = None
    """Steps since the last reset."""
    plateau: Plateau | None = None
    kl_above: PositiveFloat | None = None
    """Nats per token, mean over `window` steps."""
    entropy_below: PositiveFloat | None = None
    """Nats per token, mean over `window` steps."""
    entropy_above: PositiveFloat | None = None
    """Nats per token, mean over `window` steps."""
    window: PositiveInt = 5
    custom: dict[str, CustomRule] = Field(default_factory=dict)
    """Rules of one's own, by name."""
    cooldown: int = Field(default=20, ge=0)
    """Steps after any reset in which no rule fires, so that they can't thrash."""
    clear_optimizer: bool = True
    to: Source = "current"

    @property
    def reset(self) -> Reset:
        """What a rule that fires does."""
        return Reset(clear_optimizer=self.clear_optimizer, to=self.to)


class Validation(Section):
    """Regular measurement on held-out problems that may steer the run; the final comparison uses others."""

    every: PositiveInt = 10
    """Steps between validations; there is one before the first step besides."""
    problems_per_task: PositiveInt = 8
    samples: PositiveInt = 4
    """Completions of each problem; pass@k is reported for k = this."""
    temperature: PositiveFloat | None = None
    """null: as in the stage's rollouts."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Keep the likeliest tokens of this probability."""
    max_new_tokens: PositiveInt | None = None
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
    for stage in stages:
        if stage.imitate and stage.until and stage.until.target and stage.until.target.metric == "reward":
            raise ValueError(f"stage {stage.name!r} imitates and has no reward; use validation/pass_1 as its target")
