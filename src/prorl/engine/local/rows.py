"""Groups of a step cut into rows that fit a token budget. A completion is never cut; a prompt may be repeated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prorl.engine.protocol import TrainingGroup
from prorl.policy.tree import Tree


@dataclass(frozen=True)
class Row:
    """Trees computed in one forward-backward pass. `first_token`: of all completion tokens of the update, in order.

    An `idle` row is computed and counts for nothing; see `prorl.engine.local.ranks`.
    """

    trees: tuple[Tree, ...]
    first_token: int
    idle: bool = False

    @property
    def tokens(self) -> int:
        """Packed tokens that the row costs."""
        return sum(tree.tokens for tree in self.trees)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each completion in the row."""
        return [len(branch) for tree in self.trees for branch in tree.branches]


def cut(groups: Sequence[TrainingGroup], budget: int) -> list[Row]:
    """Rows of at most `budget` packed tokens, in order; more only where one completion and its prompt need more."""
    return fill(_pieces(groups, budget), budget)


def fill(pieces: Iterable[Tree], budget: int) -> list[Row]:
    """Rows of whole trees, in order, each of at most `budget` packed tokens or of one tree."""
    rows: list[Row] = []
    trees: list[Tree] = []
    first = used = 0
    for tree in pieces:
        if trees and used + tree.tokens > budget:
            rows.append(Row(tuple(trees), first))
            first += sum(rows[-1].lengths)
            trees, used = [], 0
        trees.append(tree)
        used += tree.tokens
    return [*rows, Row(tuple(trees), first)] if trees else rows


def _pieces(groups: Sequence[TrainingGroup], budget: int) -> list[Tree]:
    """Each group as one tree, or as several that repeat the trunk when it is larger than the budget."""
    pieces = []
    for group in groups:
        trunk = group.sampled.request.prompt
        branches: list[tuple[int, ...]] = []
        used = len(trunk)
        for completion in group.sampled.completions:
            cost = len(completion.tokens) - 1
            if branches and used + cost > budget:
                pieces.append(Tree(trunk, branches))
                branches, used = [], len(trunk)
            branches.append(completion.tokens)
            used += cost
        pieces.append(Tree(trunk, branches))
    return pieces
