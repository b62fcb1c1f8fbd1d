"""Which trees and branches of a packed row share a grid, so that dense products serve many without much padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor


@dataclass(frozen=True)
class Places:
    """Where packed tokens stand in grids `[trees, …]`, the same for every layer.

    `trunk`: `[trees, depth]` and `branch`: `[trees, most, length]`, the packed token at each place (0 where there is
    none; there is at least one place); `at`: `[tokens]`, each token's place in trunk and branch grid laid end to end;
    `reach`: `[trees]`, tokens of each trunk. Without `stems` trunks are looked at and don't look themselves.
    """

    trunk: Tensor
    branch: Tensor
    at: Tensor
    reach: Tensor
    stems: bool = True

    @staticmethod
    def of(parts: Sequence[Part]) -> Places:
        """Of parts whose tokens stand one after the other: each one's trunk, then its branches."""
        depth, most, length = (max(sizes) for sizes in zip(*(part.shape for part in parts), strict=True))
        most, length = max(1, most), max(1, length)
        trunk = torch.zeros(len(parts), depth, dtype=torch.long)
        branch = torch.zeros(len(parts), most, length, dtype=torch.long)
        at = torch.zeros(sum(part.tokens for part in parts), dtype=torch.long)
        token = 0
        for number, part in enumerate(parts):
            stem = len(part.trunk)
            trunk[number, :stem] = torch.arange(token, token + stem)
            at[token : token + stem] = torch.arange(stem) + number * depth
            token += stem
            for index, leaf in enumerate(map(len, part.branches)):
                branch[number, index, :leaf] = torch.arange(token, token + leaf)
                at[token : token + leaf] = torch.arange(leaf) + trunk.numel() + (number * most + index) * length
                token += leaf
        return Places(trunk, branch, at, torch.tensor([len(part.trunk) for part in parts]), parts[0].stem)

    @property
    def longest(self) -> int:
        """Tokens of the longest trunk or branch."""
        return max(self.trunk.shape[1], self.branch.shape[2])


@dataclass(frozen=True)
class Part:
    """A tree, or some of its branches: packed tokens of its trunk and of these branches.

    `stem`: whether the trunk's own attention is computed here, and not with other branches of the tree.
    """

    trunk: range
    branches: Sequence[range]
    stem: bool = True

    @property
    def tokens(self) -> int:
        return len(self.trunk) + sum(map(len, self.branches))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Tokens of the trunk, branches, and tokens of the longest of these."""
        return len(self.trunk), len(self.branches), max(map(len, self.branches), default=0)

    def scores(self, shape: tuple[int, int, int]) -> int:
        """Scores that it takes in a grid of this depth, most branches and length."""
        depth, most, length = shape
        return self.stem * depth * depth + most * length * (depth + length)


@dataclass(frozen=True)
class Grids:
    """All grids of a row: for each the packed tokens that it takes, and their places counted from the first of these.

    `order`: where each packed token stands in what the grids give, laid end to end; None: they are in order.
    """

    grids: Sequence[tuple[slice | Tensor, Places]]
    order: Tensor | None

    @staticmethod
    def of(trunks: Sequence[range], branches: Sequence[Sequence[range]]) -> Grids:
        """Neighbouring trees share a grid, unless it would more than double the scores that all have apart.

        By the same rule branches of one tree that differ much in length are put into several grids: of one long
        completion among short ones, the others are not padded to its length.
        """
        trees = [list(_parts(stem, own)) for stem, own in zip(trunks, branches, strict=True)]
        others = sorted((part for tree in trees for part in tree[1:]), key=lambda part: part.shape[::-1])
        shared = [*_shared([tree[0] for tree in trees]), *_shared(others)]
        places = [Places.of(parts) for parts in shared]
        if others:
            at = [torch.cat([torch.arange(r.start, r.stop) for r in _ranges(parts)]) for parts in shared]
            return Grids(list(zip(at, places, strict=True)), _order(shared, at))
        spans = [slice(parts[0].trunk.start, max(r.stop for r in _ranges(parts[-1:]))) for parts in shared]
        return Grids(list(zip(spans, places, strict=True)), None)


def taken(x: Tensor, at: slice | Tensor) -> Tensor:
    """Rows of `x`; its gradient is added up where a row is taken several times."""
    return x[at] if isinstance(at, slice) else x.index_select(0, at)


def _ranges(parts: Sequence[Part]) -> Iterator[range]:
    return chain.from_iterable((part.trunk, *part.branches) for part in parts)


def _order(shared: Sequence[Sequence[Part]], at: Sequence[Tensor]) -> Tensor:
    wanted = [
        torch.cat([torch.full((len(part.trunk),), part.stem), torch.ones(part.tokens - len(part.trunk)).bool()])
        for parts in shared
        for part in parts
    ]
    places, tokens = torch.cat(wanted).nonzero()[:, 0], torch.cat(list(at))
    order = torch.empty(len(places), dtype=torch.long)
    order[tokens[places]] = places
    return order


def _parts(trunk: range, branches: Sequence[range]) -> Iterator[Part]:
    """The tree whole, or the shortest branches with the trunk's own attention and longer ones by themselves."""
    whole = Part(trunk, branches)
    alone = [Part(trunk, [branch], stem=False) for branch in sorted(branches, key=len)]
    if whole.scores(whole.shape) <= 2 * (len(trunk) ** 2 + sum(part.scores(part.shape) for part in alone)):
        yield whole
        return
    for number, parts in enumerate(_shared(alone)):
        own = sorted((part.branches[0] for part in parts), key=lambda branch: branch.start)
        yield Part(trunk, own, stem=number == 0)


def _shared(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Neighbours that share a grid. One begins a new grid where padding would more than double all scores."""
    first, alone, shape = 0, 0, (0, 0, 0)
    for number, part in enumerate(parts):
        own = part.scores(part.shape)
        grown = max(shape[0], part.shape[0]), max(shape[1], part.shape[1]), max(shape[2], part.shape[2])
        if number > first and (number + 1 - first) * part.scores(grown) > 2 * (alone + own):
            yield parts[first:number]
            first, alone, grown = number, 0, part.shape
        alone, shape = alone + own, grown
    if parts:
        yield parts[first:]
