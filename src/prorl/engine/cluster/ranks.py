"""The processes that train together, over `torch.distributed`."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor


class Group:
    """All processes of the default process group; implements `prorl.engine.local.ranks.Ranks`."""

    def __init__(self) -> None:
        self.number, self.count = dist.get_rank(), dist.get_world_size()

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, of a tensor of the same shape in each."""
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    def max(self, value: float) -> float:
        """The largest value of any process."""
        largest = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(largest, op=dist.ReduceOp.MAX)
        return float(largest)
