"""Learning from given answers by cross-entropy, on the same packed rows as reinforcement learning."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from prorl.engine.local.masters import MasterOptimizer
from prorl.engine.local.ranks import Ranks, share
from prorl.engine.local.rows import cut
from prorl.engine.local.schedule import deal
from prorl.engine.protocol import Example, ImitationReport
from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree
from prorl.recipe.objective import Optimizer


def imitate(
    policy: Policy, optimizer: MasterOptimizer, examples: Sequence[Example], settings: Optimizer, row_tokens: int,
    ranks: Ranks,
) -> ImitationReport:  # fmt: skip
    """All updates of one step; each example is used in exactly one. Prompts are conditioned on and not learnt.

    Several processes may make them together, each on its share of the rows. The loss of an update is the mean negative
    log-probability over all tokens of its answers, in nats.
    """
    total, tokens, norm, rate = 0.0, 0, 0.0, 0.0
    parts = deal(examples, settings.updates_per_step)
    for part in parts:
        weight = 1.0 / sum(len(example.answer) for example in part)
        rows = cut([Tree(example.prompt, [example.answer]) for example in part], row_tokens)
        for row in share(rows, ranks):
            logprobs, _ = policy.logprobs(PackedTrees.of(row.trees), temperature=1.0)
            loss = -weight * (not row.idle) * logprobs.sum()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.collect()
            if not row.idle:
                total -= float(logprobs.detach().sum())
                tokens += len(logprobs)
        reached, rate = optimizer.step(settings, updates=len(parts))
        norm = max(norm, reached)
    total, tokens = ranks.sum(torch.tensor([total, tokens], dtype=torch.float64)).tolist()
    return ImitationReport(total / tokens, norm, rate, int(tokens))
