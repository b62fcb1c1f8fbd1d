"""Entropy: measured over the vocabulary, and held in a band by a bonus that can turn into a penalty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from prorl.algo.ratio import at_least_float32
from prorl.errors import UserError


def token_entropy(logits: Tensor) -> Tensor:
    """Entropy of the next-token distribution, nats, fp32: `[tokens, vocabulary]` to `[tokens]`.

    Subtract a coefficient times this from the token's loss to raise it. Logits of -inf add nothing, to the gradient
    neither.
    """
    log_p = at_least_float32(logits).log_softmax(-1)
    possible = log_p > -torch.inf
    return -(log_p.exp() * torch.where(possible, log_p, 0.0)).sum(-1)


@dataclass
class EntropyCoefficient:
    """`value` multiplies the entropy bonus: raised while entropy is below the band, lowered (below 0 too) while above.

    Inside the band it goes back to 0 by the same steps: an objective that holds its entropy by itself is left alone.
    Both sides matter in long runs: collapse ends exploration, and with a raised upper clip bound entropy can also run
    away upwards. The band's width, step and maximum are our own choice; no published recipe gives any.
    """

    low: float
    """Nats per token."""
    high: float
    """Nats per token."""
    step: float = 1e-4
    """Change of the coefficient at one update."""
    maximum: float = 0.01
    """The coefficient stays within +-`maximum`."""
    value: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high:
            raise UserError(f"the entropy band is [{self.low}, {self.high}]; it must be 0 <= low < high, in nats")
        if not 0 < self.step <= self.maximum:
            raise UserError(f"the entropy coefficient needs 0 < step <= maximum, not {self.step} and {self.maximum}")

    def update(self, entropy: float) -> None:
        """Take note of the mean entropy per token at an update, nats. One that isn't finite changes nothing."""
        if not math.isfinite(entropy):
            return
        if entropy < self.low:
            self.value = min(self.value + self.step, self.maximum)
        elif entropy > self.high:
            self.value = max(self.value - self.step, -self.maximum)
        else:
            self.value = math.copysign(max(abs(self.value) - self.step, 0.0), self.value)

    def state_dict(self) -> dict[str, float]:
        """The value; settings are the recipe's."""
        return {"value": self.value}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Continue from `state_dict`, within this recipe's maximum. KeyError if the value is missing."""
        self.value = min(max(float(state["value"]), -self.maximum), self.maximum)
