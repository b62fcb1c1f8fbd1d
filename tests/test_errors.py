"""What errors of others say, in lines."""

from __future__ import annotations

import pytest
from torch.distributed.checkpoint.api import CheckpointException

from prorl.engine.local.shards import _reason
from prorl.errors import lines_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("no\nspace"), ["no", "space"]),
        (OSError("\n  no space \n"), ["no space"]),
        (MemoryError(), ["MemoryError"]),
        (ValueError(" \n"), ["ValueError"]),
    ],
)
def test_an_error_never_says_nothing(error: Exception, expected: list[str]) -> None:
    assert lines_of(error) == expected


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ({}, "CheckpointException ranks:dict_keys([])"),
        ({1: (OSError("read\nonly"), None)}, "only"),
        ({0: (MemoryError(), None)}, "MemoryError"),
    ],
)
def test_a_checkpoint_tells_what_its_first_failure_said(failures: dict[int, object], expected: str) -> None:
    assert _reason(CheckpointException("reading", failures)) == expected  # type: ignore[arg-type]
