"""Trees cut into rows that fit a token budget. A completion is never cut; a prompt may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prorl.policy.tree import Tree
from prorl.recipe.filling import fill


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


def cut(trees: Sequence[Tree], budget: int) -> list[Row]:
    """Rows of at most `budget` packed tokens, in order; more only where one completion and its prompt need more."""
    lengths = [(len(tree.trunk), [max(len(branch) - 1, 0) for branch in tree.branches]) for tree in trees]
    rows: list[Row] = []
    first = 0
    for pieces in fill(lengths, budget):
        parts = tuple(Tree(trees[at].trunk, trees[at].branches[begin:end]) for at, begin, end in pieces)
        rows.append(Row(parts, first))
        first += sum(rows[-1].lengths)
    return rows
