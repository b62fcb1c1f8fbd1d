"""What a regimen can decide. The loop carries it out; the journal shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnterStage:
    """The stage with this index (from 0) begins."""

    index: int


@dataclass(frozen=True, slots=True)
class ResetReference:
    """The current policy becomes the reference policy; with `clear_optimizer` the optimizer starts afresh too."""

    clear_optimizer: bool
    reason: str


Decision = EnterStage | ResetReference
