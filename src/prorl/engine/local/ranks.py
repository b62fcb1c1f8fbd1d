"""The processes that train one policy together. Here there is one; `prorl.engine.cluster` has the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from torch import Tensor

from prorl.engine.local.rows import Row


class Ranks(Protocol):
    """Who else works on the same update. Every process holds the whole batch and computes its share of the rows.

    So the loss's denominators need no exchange, and neither they nor the rows depend on how many processes there are.
    Gradients are summed where the weights are held in shards.
    """

    number: int
    """This process's own, from 0."""
    count: int

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, of a tensor of the same shape in each."""

    def max(self, value: float) -> float:
        """The largest value of any process."""


class Alone:
    """One process, which does everything."""

    number, count = 0, 1

    def sum(self, tensor: Tensor) -> Tensor:
        """The tensor itself."""
        return tensor

    def max(self, value: float) -> float:
        """The value itself."""
        return value


def share(rows: Sequence[Row], ranks: Ranks) -> list[Row]:
    """The rows of this process: as many as any other has, for they exchange weights and gradients at each.

    Where the rows don't divide, some processes repeat the cheapest row as an idle one, which counts for nothing.
    """
    missing = -len(rows) % ranks.count
    idle = replace(min(rows, key=lambda row: row.tokens), idle=True)
    return [*rows, *[idle] * missing][ranks.number :: ranks.count]
