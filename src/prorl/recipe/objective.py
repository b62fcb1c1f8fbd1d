"""What is minimised, and how a step is made from its gradient, as a recipe names them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, model_validator

from prorl.recipe.section import Count, Section


class KL(Section):
    """The penalty that ties the policy to the reference policy."""

    coefficient: float = Field(default=1e-4, ge=0.0)
    """Weight of the penalty in the loss; 0 still measures it."""
    estimator: Literal["k1", "k2", "k3"] = "k2"
    """Per-token estimator (ProRL v2 uses k2)."""
    where: Literal["loss", "reward"] = "loss"
    """Added to the loss, or taken from each token's (normalised) advantage as the KL from it to the end of its
    completion."""
    target: PositiveFloat | None = None
    """Nats per token that an adaptive coefficient aims at; null: the coefficient is constant."""
    horizon: float = Field(default=100.0, ge=1.0)
    """Steps over which an adaptive coefficient reacts."""
    clamp: PositiveFloat = 20.0
    """Log-ratios are kept within plus and minus this, in nats (ProRL v2: 10)."""

    @model_validator(mode="after")
    def _parts_fit(self) -> KL:
        if self.where == "loss" and self.estimator == "k1" and self.coefficient > 0:
            raise ValueError("k1 in the loss pulls nowhere in the mean; use k2 or k3, or where=reward")
        if self.target is not None and self.coefficient == 0:
            raise ValueError("an adaptive coefficient is scaled, so it can't start at 0; give a small one")
        return self


class EntropyBand(Section):
    """Where the policy's entropy is held by a bonus that turns into a penalty above the band."""

    low: float = Field(ge=0.0)
    """Nats per token."""
    high: PositiveFloat
    """Nats per token."""
    step: PositiveFloat = 1e-4
    """Change of the bonus's coefficient at one step."""
    maximum: PositiveFloat = 0.01
    """The coefficient stays within plus and minus this."""


class Correction(Section):
    """What is done about the sampler's probabilities not quite being the trainer's."""

    kind: Literal["none", "tis", "icepop", "sequence_mask"] = "none"
    """Truncated importance sampling; drop tokens out of bounds; drop completions out of bounds."""
    low: float | None = Field(default=None, ge=0.0, le=1.0)
    """Lower bound of the probability ratio; None: the published one of that kind."""
    high: float | None = Field(default=None, ge=1.0)
    """Upper bound of the probability ratio; None: the published one of that kind."""


Advantage = Literal[
    "grpo",
    "dr_grpo",
    "rloo",
    "reinforce_pp",
    "reinforce_pp_baseline",
    "reinforce_pp_baseline_by_token",
    "pass_at_k",
]


class Objective(Section):
    """The loss: advantage, surrogate, aggregation, penalty."""

    advantage: Advantage = "grpo"
    """How rewards of a group become advantages."""
    pass_at: Count = 8
    """The k of `pass_at_k` advantages."""
    loss: Literal["clip", "gspo", "cispo", "reinforce"] = "clip"
    """Policy-gradient surrogate."""
    clip_low: float = Field(default=0.2, ge=0.0, le=1.0)
    """The probability ratio is clipped below at 1 - clip_low."""
    clip_high: float = Field(default=0.4, ge=0.0)
    """The probability ratio is clipped above at 1 + clip_high."""
    dual_clip: float | None = Field(default=None, gt=1.0)
    """Bound on the loss of negative advantages; None: off."""
    aggregation: Literal["token_mean", "sequence_mean", "constant_length"] = "token_mean"
    """How token losses become one number: DAPO, GRPO, Dr.GRPO (which divides by `rollout.max_new_tokens`)."""
    kl: KL = KL()
    correction: Correction = Correction()
    entropy: EntropyBand | None = None
    """null: no entropy bonus."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Objective:
        if self.dual_clip is not None and self.loss not in ("clip", "gspo"):
            raise ValueError(f"dual_clip has no meaning for the {self.loss} loss; set it to null")
        return self


Decay = Annotated[float, Field(ge=0.0, lt=1.0)]


class Optimizer(Section):
    """AdamW with fp32 master weights."""

    learning_rate: float = Field(default=2e-6, gt=0.0, le=1.0)
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    epsilon: PositiveFloat = 1e-8
    weight_decay: float = Field(default=0.0, ge=0.0)
    max_grad_norm: PositiveFloat = 1.0
    warmup_steps: int = Field(default=0, ge=0)
    """Steps over which the rate rises linearly, after the start and after a reset that clears the optimizer."""
    updates_per_step: Count = 1
    """Optimizer updates made from the groups of one step, fewer if there are fewer groups; each is used in one."""
