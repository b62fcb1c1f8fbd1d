"""The place of one sampler in the pool, and what is to be read from the error that its process ended with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ray.exceptions import ObjectLostError

from prorl.engine.cluster.sampler import Order

_LOST = re.compile(
    r"\b(Object(Lost|Freed|FetchTimedOut|ReconstructionFailed)|OwnerDied|ReferenceCountingAssertion)Error\b"
)


@dataclass
class Seat:
    """The place of one sampler, whichever process fills it."""

    number: int
    actor: Any = None
    begin_at: float = 0.0
    """When the actor is to be begun, if there is none."""
    version: int | None = None
    """Of its weights; None: it has none yet."""
    orders: dict[int, Order] = field(default_factory=dict)
    """What it is to sample, in order."""
    told: set[int] = field(default_factory=set)
    """Which of them it knows of."""
    stopped: list[int] = field(default_factory=list)
    """Which it is still to be told to drop."""
    call: Any = None
    """The answer that is awaited."""
    since: float = 0.0
    taking: int | None = None
    """The version that this call brings."""

    @property
    def load(self) -> int:
        """Completions that it is to make."""
        return sum(order.sampling.samples for order in self.orders.values())


def said(error: Exception) -> str:
    """What an actor ended with, in one line: the last error of its traceback and what follows it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    errors = [place for place, line in enumerate(lines) if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return " ".join(lines[errors[-1] if errors else 0 :])[:300] or type(error).__name__


def is_lost_object(error: Exception) -> bool:
    """Whether a call failed since an object that it was given is gone with its node; its process is well then."""
    return isinstance(error, ObjectLostError) or _LOST.search(str(error)) is not None
