"""Random ragged input for the tests of `prorl.algo`, as plain lists, and the way from lists to packed tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

from prorl.algo.packed import Segments

logprob = st.floats(-12, 0, width=32)
mostly_true = st.sampled_from([True, True, True, False])


@dataclass(frozen=True)
class Group:
    """Rewards of samples with the group, validity and length of each."""

    rewards: list[float]
    group: list[int]
    valid: list[bool]
    lengths: list[int]

    def tensors(self, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return (
            torch.tensor(self.rewards, dtype=dtype),
            torch.tensor(self.group),
            torch.tensor(self.valid),
            torch.tensor(self.lengths),
        )


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """Up to four groups of one to six samples, interleaved, some samples invalid, rewards often equal."""
    members = draw(st.permutations([g for g in range(draw(st.integers(1, 4))) for _ in range(draw(st.integers(1, 6)))]))
    n = len(members)
    reward = st.one_of(st.sampled_from([0.0, 1.0, 0.1]), st.floats(-2, 2, width=16))
    return Group(
        rewards=draw(st.lists(reward, min_size=n, max_size=n)),
        group=[7 * g - 3 for g in members],
        valid=draw(st.lists(mostly_true, min_size=n, max_size=n)),
        lengths=draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)),
    )


@st.composite
def tokens(draw: st.DrawFn, *columns: st.SearchStrategy[object]) -> tuple[list[list[object]], ...]:
    """For each column, samples of the same ragged lengths (0 to 6 tokens), one list a sample."""
    lengths = draw(st.lists(st.integers(0, 6), min_size=1, max_size=5))
    return tuple([draw(st.lists(column, min_size=n, max_size=n)) for n in lengths] for column in columns)


def pack(samples: Sequence[Sequence[object]], dtype: torch.dtype = torch.float64) -> Tensor:
    """Lay samples end to end."""
    return torch.tensor([value for sample in samples for value in sample], dtype=dtype)


def segments(samples: Sequence[Sequence[object]]) -> Segments:
    return Segments.of_lengths(torch.tensor([len(sample) for sample in samples]))


def close(actual: Tensor, expected: object, tolerance: float = 1e-9) -> None:
    """Equal within `tolerance`, relative and absolute; NaN equals nothing."""
    wanted = torch.as_tensor(expected, dtype=actual.dtype).reshape(actual.shape)
    torch.testing.assert_close(actual.detach(), wanted, rtol=tolerance, atol=tolerance)
