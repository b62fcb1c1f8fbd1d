"""Teacher-forced scoring in this process: what the policy makes of completions that it did not write."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import torch

from prorl.engine.local.rows import Row, cut
from prorl.engine.protocol import Given, Scored
from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree


def score(policy: Policy, given: Sequence[Given], temperature: float, budget: int) -> Iterator[tuple[Scored, ...]]:
    """Log-probabilities and entropies of every token of every completion, prompt by prompt, in order.

    A forward pass has at most `budget` packed tokens, or one completion and its prompt. An empty completion has no
    tokens and gets two empty tuples.
    """
    rows = cut([Tree(one.prompt, one.completions) for one in given], budget)
    scored = (one for row in rows for one in _scored(policy, row, temperature))
    for one in given:
        yield tuple(itertools.islice(scored, len(one.completions)))


@torch.no_grad()
def _scored(policy: Policy, row: Row, temperature: float) -> list[Scored]:
    lengths = row.lengths
    if not sum(lengths):
        return [Scored((), ()) for _ in lengths]
    logprobs, entropies = policy.logprobs(PackedTrees.of(row.trees), temperature)
    parts = zip(torch.split(logprobs, lengths), torch.split(entropies, lengths), strict=True)
    return [Scored(tuple(logs.tolist()), tuple(spread.tolist())) for logs, spread in parts]
