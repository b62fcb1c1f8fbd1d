"""What is to be measured."""

from __future__ import annotations

from dataclasses import dataclass

from prorl.boundary.store.key import Asking

FRESH = 1_000_003
"""Added to the seed for the independent second sample of the base."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a measurement."""

    asking: Asking
    samples: int
    """Completions of each problem."""
    seed: int = 0
    guess: str = "blind"
    """What is held against a lucky answer: `blind`, `direct` or `off` (`laboratory.guessing`)."""
    match_entropy: bool = False
    """Whether tuned models are also sampled at the temperature at which they have the base's entropy."""
    scored: int = 4
    """Completions of each problem that are scored for entropies and perplexities; 0: none."""
    judge: str = ""
    """A callable `module:function` that judges the reasoning of right answers, or nothing."""
    command: str = ""
    """The command line that made this."""
