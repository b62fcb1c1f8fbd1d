"""How prompts with their completions fill rows of packed tokens: by their lengths alone, so that an estimate of memory
knows the rows that an update will have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

WORTH = 8
"""A prompt is computed again in the next row if what it takes with it into this one is at least so many times as long.
Longer rows are quicker by a few per cent, so only short prompts are worth it."""


class Piece(NamedTuple):
    """Completions `first` to `end`, without the last, of prompt number `prompt`."""

    prompt: int
    first: int
    end: int


def fill(prompts: Iterable[tuple[int, Sequence[int]]], budget: int) -> Iterator[list[Piece]]:
    """Rows of at most `budget` tokens, in order; more only where one completion and its prompt need more.

    `prompts`: the tokens of each prompt, and of each of its completions. A completion is never cut.
    """
    row: list[Piece] = []
    used = 0
    for number, (depth, lengths) in enumerate(prompts):
        first = 0
        while first < len(lengths):
            end, taken = _what_fits(lengths, first, budget - used - depth)
            if row and end < len(lengths) and (end == first or taken < WORTH * depth):
                yield row
                row, used = [], 0
                continue
            end = max(end, first + 1)
            row.append(Piece(number, first, end))
            used += depth + sum(lengths[first:end])
            first = end
    if row:
        yield row


def _what_fits(lengths: Sequence[int], first: int, room: int) -> tuple[int, int]:
    """The end of the completions from `first` on that fit into so many tokens, and the tokens they take."""
    end, taken = first, 0
    while end < len(lengths) and taken + lengths[end] <= room:
        taken += lengths[end]
        end += 1
    return end, taken
