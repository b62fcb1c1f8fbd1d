"""Text and token ids, which are the same for every engine of a model."""

from __future__ import annotations

from collections.abc import Sequence

from prorl.policy.model import Policy
from prorl.policy.turn import Turn


class TextEngine:
    """The part of an engine that speaks: it needs the tokenizer of `policy`, and no weights."""

    policy: Policy

    def encode(self, messages: Sequence[Turn]) -> list[int]:
        """Token ids of a conversation, up to where the model answers."""
        return self.policy.encode(messages)

    def encode_answer(self, text: str) -> list[int]:
        """Token ids of an answer to be imitated, with the end-of-turn token."""
        return self.policy.encode_answer(text)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of a completion."""
        return self.policy.decode(tokens)
