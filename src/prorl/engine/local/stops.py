"""Texts that end a completion."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from prorl.policy.model import Policy


class Stops:
    """Watches for stop texts in what is being written. Text is only looked at: tokens stay what they are."""

    def __init__(self, policy: Policy, stops: Sequence[str]) -> None:
        self.policy, self.stops = policy, tuple(stops)
        self._tail = 2 + max((len(stop.encode()) for stop in stops), default=0)
        """Tokens at the end that can hold a stop text and that the newest token can have finished."""

    def reached(self, rows: Tensor, tokens: Tensor, lengths: Tensor) -> Tensor:
        """`[rows]` (bool): whether a row's text has come to hold a stop text; tokens `[all, most]`, lengths `[all]`."""
        found = torch.zeros(len(rows), dtype=torch.bool)
        if not self.stops:
            return found
        for number, row in enumerate(rows.tolist()):
            length = int(lengths[row])
            text = self.policy.decode(tokens[row, max(0, length - self._tail) : length].tolist())
            found[number] = any(stop in text for stop in self.stops)
        return found
