"""What a prompt is made of, as far as a model cares."""

from __future__ import annotations

from typing import Protocol


class Turn(Protocol):
    """One message of a conversation: `role` is `system`, `user` or `assistant`."""

    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str: ...
