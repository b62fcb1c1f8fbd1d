"""Texts as tokens that don't depend on any model: words, and marks one by one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")
UNSEEN, BOUNDARY = 0, 1
"""What stands for a token that the corpus doesn't have, and what stands between its documents."""


def words(text: str) -> list[str]:
    """Words and marks of a text, case folded (NFKC)."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


class Vocabulary:
    """Numbers for the tokens of a corpus."""

    def __init__(self, documents: Iterable[Sequence[str]]) -> None:
        """Takes in every token of the documents, in order."""
        self._numbers: dict[str, int] = {}
        self.tokens: list[int] = [BOUNDARY]
        """All documents, with `BOUNDARY` around each."""
        for document in documents:
            self.tokens += [self._numbers.setdefault(word, len(self._numbers) + 2) for word in document]
            self.tokens.append(BOUNDARY)

    @property
    def size(self) -> int:
        """One more than the largest number."""
        return len(self._numbers) + 2

    def numbers(self, text: Sequence[str]) -> list[int]:
        """The numbers of a text's tokens, `UNSEEN` where the corpus has none."""
        return [self._numbers.get(word, UNSEEN) for word in text]

    def array(self) -> NDArray[np.unsignedinteger]:
        """All documents as the narrowest unsigned numbers that an index takes: 2 or 4 bytes."""
        return np.asarray(self.tokens, np.uint16 if self.size <= 2**16 else np.uint32)
