"""Memory in large pages, for what is read from end to end at every step.

With pages of 4 KB finding them costs about as much as reading them (`benchmarks/pages.py`).
"""

from __future__ import annotations

import contextlib
import math
import mmap
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor


class Pages:
    """Zeros of one type, given out piece by piece; in the system's usual pages where it has no large ones."""

    advice: ClassVar[int | None] = getattr(mmap, "MADV_HUGEPAGE", None)
    """What the system is asked for: large pages, if it has them. None asks for nothing (`benchmarks/pages.py`)."""

    def __init__(self, count: int, dtype: torch.dtype) -> None:
        """`count`: numbers of all pieces together."""
        memory = mmap.mmap(-1, max(count, 1) * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if self.advice is not None:
            with contextlib.suppress(OSError):  # a Linux without them refuses
                memory.madvise(self.advice)
        self._rest = torch.frombuffer(memory, dtype=dtype)[:count]

    def take(self, *shape: int) -> Tensor:
        """The next piece, `shape`. Raises ValueError when there isn't enough left."""
        count = math.prod(shape)
        if count > len(self._rest):
            raise ValueError(f"{count} numbers were asked for, {len(self._rest)} are left")
        piece, self._rest = self._rest[:count], self._rest[count:]
        return piece.view(*shape)


def move(weights: Sequence[Tensor]) -> None:
    """Let what these hold lie in such memory from now on."""
    for dtype in {weight.dtype for weight in weights}:
        alike = [weight for weight in weights if weight.dtype == dtype]
        pages = Pages(sum(weight.numel() for weight in alike), dtype)
        for weight in alike:
            weight.data = pages.take(*weight.shape).copy_(weight.data)
