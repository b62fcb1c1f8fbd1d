"""Which tokens of a text lie in an n-gram that a corpus has, for all lengths of n-grams at once.

The two pointers of DJ Search (Lu et al., arXiv 2410.04265): a match that begins one token later ends no earlier, so the
longest match from every place takes a number of look-ups linear in the text. A token is covered at length L if it lies
in a match of at least L tokens; the union of the longest matches of at least L tokens is just that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Contains = Callable[[Sequence[int]], bool]


def longest_matches(tokens: Sequence[int], contains: Contains) -> list[int]:
    """For every place the length of the longest n-gram that begins there and that the corpus has."""
    found = []
    end = 0
    for begin in range(len(tokens)):
        end = max(end, begin)
        while end < len(tokens) and contains(tokens[begin : end + 1]):
            end += 1
        found.append(end - begin)
    return found


def uniqueness(longest: Sequence[int], lengths: Sequence[int]) -> dict[int, float]:
    """By length L: the share of tokens that no n-gram of L tokens or more covers. Needs at least one token."""
    shares = {}
    for least in lengths:
        covered = reach = 0
        for begin, length in enumerate(longest):
            if length >= least:
                covered += begin + length - max(begin, reach)
                reach = begin + length
        shares[least] = 1.0 - covered / len(longest)
    return shares
