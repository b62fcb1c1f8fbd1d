"""Which characters of a completion's text each of its tokens stands for, so that a page can shade them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

UNFINISHED = "\ufffd"
"""What decoding gives for bytes that are only part of a character."""

_MOST_PENDING = 64
"""Tokens that are looked at together before their text is taken as it is."""


class TokenSpans:
    """Splits texts by tokens. Remembers what single tokens decode to, so that most of it is a look-up."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._pieces: dict[int, str] = {}

    def lengths(self, tokens: Sequence[int], text: str) -> list[int] | None:
        """Characters of `text` for each token, in order; their sum is the text's length.

        A character that several tokens make up counts for the last of them. None where the text isn't the sum of its
        tokens' texts (a tokenizer that drops a leading space, say): then no token can be pointed at.
        """
        pieces: list[str] = []
        pending: list[int] = []
        for token in tokens:
            pending.append(token)
            piece = self._piece(token) if len(pending) == 1 else self._decode(pending)
            if piece.endswith(UNFINISHED) and len(pending) < _MOST_PENDING:
                pieces.append("")
                continue
            pieces.append(piece)
            pending = []
        if pending:
            pieces[-1] = self._decode(pending)
        return [len(piece) for piece in pieces] if "".join(pieces) == text else None

    def _piece(self, token: int) -> str:
        if token not in self._pieces:
            self._pieces[token] = self._decode([token])
        return self._pieces[token]
