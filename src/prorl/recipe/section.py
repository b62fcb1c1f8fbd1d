"""What all parts of a recipe have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(gt=0, le=1_000_000_000)]
"""Of steps, tokens, processes and the like."""
Temperature = Annotated[float, Field(ge=0.01, le=100.0)]
"""Logits are divided by it: far below, they overflow; far above, all tokens are equally likely."""
Seconds = Annotated[float, Field(gt=0.0, le=86_400.0)]
"""How long something is waited for: a day at most."""


class Section(BaseModel):
    """A part of a recipe: immutable, and closed to keys that it does not know and to numbers that aren't finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)
