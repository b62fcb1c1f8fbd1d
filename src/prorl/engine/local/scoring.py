"""Teacher-forced scoring in this process: what the policy makes of completions that it did not write."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import torch

from prorl.engine.local.rows import Row, fill
from prorl.engine.protocol import Given, Scored
from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree


def score(policy: Policy, given: Sequence[Given], temperature: float, budget: int) -> Iterator[tuple[Scored, ...]]:
    """Log-probabilities and entropies of every token of every completion, prompt by prompt, in order.

    A forward pass has at most `budget` packed tokens, or one completion and its prompt. An empty completion has no
    tokens and gets two empty tuples.
    """
    rows = fill((piece for one in given for piece in _pieces(one, budget)), budget)
    scored = (one for row in rows for one in _scored(policy, row, temperature))
    for one in given:
        yield tuple(itertools.islice(scored, len(one.completions)))


def _pieces(given: Given, budget: int) -> Iterator[Tree]:
    """One prompt with its completions as trees within the budget; the prompt is repeated where they don't fit."""
    branches: list[tuple[int, ...]] = []
    used = len(given.prompt)
    for completion in given.completions:
        cost = max(len(completion) - 1, 0)
        if branches and used + cost > budget:
            yield Tree(given.prompt, branches)
            branches, used = [], len(given.prompt)
        branches.append(completion)
        used += cost
    if branches:
        yield Tree(given.prompt, branches)


@torch.no_grad()
def _scored(policy: Policy, row: Row, temperature: float) -> list[Scored]:
    lengths = row.lengths
    if not sum(lengths):
        return [Scored((), ()) for _ in lengths]
    logprobs, entropies = policy.logprobs(PackedTrees.of(row.trees), temperature)
    parts = zip(torch.split(logprobs, lengths), torch.split(entropies, lengths), strict=True)
    return [Scored(tuple(logs.tolist()), tuple(spread.tolist())) for logs, spread in parts]
