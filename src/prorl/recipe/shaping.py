"""Reward shapers as a recipe names them; what they compute is in `prorl.algo.shaping` and `prorl.algo.repetition`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat

from prorl.recipe.section import Count, Section


class SoftOverlong(Section):
    """DAPO: a penalty that grows over the last `buffer` tokens before the length limit."""

    kind: Literal["soft_overlong"]
    buffer: Count
    penalty: NonNegativeFloat = 1.0


class StopProperly(Section):
    """Answers that were cut off get reward * scale - penalty."""

    kind: Literal["stop_properly"]
    scale: float = Field(default=0.0, ge=0.0, le=1.0)
    penalty: NonNegativeFloat = 0.0


class ZeroPast(Section):
    """DLER: no reward for an answer of more than `length` tokens."""

    kind: Literal["zero_past"]
    length: Count


class CosineLength(Section):
    """ProRL v2: a length reward that falls as a cosine, on for `steps_on` steps and off for `steps_off`."""

    kind: Literal["cosine_length"]
    weight: NonNegativeFloat = 0.1
    low: float = -1.0
    high: float = 0.0
    steps_on: Count = 100
    steps_off: int = Field(default=500, ge=0)
    solved_only: bool = False


class Repetition(Section):
    """A penalty on the share of n-grams that a completion has had before."""

    kind: Literal["repetition"]
    n: Count = 20
    weight: NonNegativeFloat = 0.5


class CustomShaper(Section):
    """A shaper of one's own: see `prorl.algo.shaping.Shaper`."""

    kind: Literal["custom"]
    shaper: str
    """`package.module:Class`; called with `options` by name, it gives what is called with rewards and completions."""
    options: dict[str, Any] = Field(default_factory=dict)


WHOLE = ("stop_properly", "zero_past")
"""Kinds that take a right answer's reward for being right away, where the others change it by degrees."""
Shaper = Annotated[
    SoftOverlong | StopProperly | ZeroPast | CosineLength | Repetition | CustomShaper, Field(discriminator="kind")
]
