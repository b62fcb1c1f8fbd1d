"""Memory in large pages holds what is put there and is given out once."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from prorl.kernels.pages import Pages, move

LARGE = 2**21


def test_pieces_are_zeros_that_do_not_overlap() -> None:
    pages = Pages(100, torch.bfloat16)
    first, second = pages.take(3, 20), pages.take(40)
    assert (first.shape, second.shape) == ((3, 20), (40,))
    assert not first.any()
    first.fill_(1)
    assert not second.any()
    with pytest.raises(ValueError, match="1 numbers were asked for, 0 are left"):
        pages.take(1)


def test_moved_weights_are_the_same_and_stay_tied() -> None:
    embedding, head = nn.Embedding(7, 5), nn.Linear(5, 7, bias=False)
    head.weight = embedding.weight
    wanted = embedding.weight.detach().clone()
    before = embedding.weight.data_ptr()
    other = nn.Parameter(torch.tensor([1 / 3], dtype=torch.float64))
    move([embedding.weight, other])
    assert embedding.weight.data_ptr() != before
    assert torch.equal(head.weight, wanted)
    assert other.item() == 1 / 3  # of its own type
    head(embedding(torch.tensor([3]))).sum().backward()
    assert embedding.weight.grad is not None


def large_pages_are_given() -> bool:
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return setting.exists() and "[never]" not in setting.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux" or not large_pages_are_given(), reason="the system gives no large pages")
def test_the_system_is_asked_for_large_pages() -> None:
    piece = Pages(8 * LARGE, torch.bfloat16).take(8 * LARGE)
    asked, within = set(), False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if span := re.match("([0-9a-f]+)-([0-9a-f]+) ", line):
            within = int(span[1], 16) <= piece.data_ptr() < int(span[2], 16)
        elif within and line.startswith("VmFlags:"):
            asked = set(line.split())
    assert "hg" in asked  # whether it has them to give depends on what else is in memory
