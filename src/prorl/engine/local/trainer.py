"""The update: from groups with advantages to new weights. The mathematics is in `prorl.algo`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.engine.local.batch import Batch
from prorl.engine.local.loss import TokenValues, row_loss
from prorl.engine.local.masters import MasterOptimizer
from prorl.engine.local.ranks import Ranks, share
from prorl.engine.local.rows import Row, cut
from prorl.engine.local.schedule import deal
from prorl.engine.local.tally import Tally
from prorl.engine.protocol import Coefficients, Sampling, TrainingGroup, UpdateReport
from prorl.errors import IntegrityError
from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree
from prorl.recipe.objective import Objective, Optimizer


class Trainer:
    """Makes the optimizer updates of a step. Holds the policy, the reference policy and the master weights.

    Several processes may make them together (`ranks`), each on its share of the rows.
    """

    def __init__(
        self, policy: Policy, reference: Policy, optimizer: MasterOptimizer, row_tokens: int, ranks: Ranks
    ) -> None:
        self.policy, self.reference, self.optimizer, self.row_tokens = policy, reference, optimizer, row_tokens
        self.ranks = ranks

    def update(
        self,
        groups: Sequence[TrainingGroup],
        objective: Objective,
        settings: Optimizer,
        sampling: Sampling,
        coefficients: Coefficients,
        fresh_reference: bool,
    ) -> UpdateReport:
        """All updates of one step. With `fresh_reference` the policy is the reference policy as it comes in.

        Each group is used in exactly one update. The surrogate's old policy is the one that began the step. Raises
        IntegrityError, before any weight has moved, if the reference is fresh and a log-ratio to it is not exactly 0.
        """
        tally = Tally()
        batches = [self._batch(part, objective, sampling) for part in deal(groups, settings.updates_per_step)]
        for number, batch in enumerate(batches):
            if number > 0 or objective.correction.kind != "none":
                batch.remember_old(self._logprobs_of(batch, sampling.temperature), objective)
        first_drift = rate = norm = 0.0
        for number, batch in enumerate(batches):
            drift = self.ranks.max(
                max(self._backward(r, batch, objective, coefficients, sampling.temperature, tally) for r in batch.rows)
            )
            if number == 0:
                first_drift = drift
                _check_fresh(drift, fresh_reference)
            reached, rate = self.optimizer.step(settings, updates=len(batches))
            norm = max(norm, reached)
        tally.add_up(self.ranks)
        return UpdateReport(
            **tally.means(batches), grad_norm=norm, learning_rate=rate, first_log_ratio=first_drift,
            checked_reset=fresh_reference,
        )  # fmt: skip

    def _batch(self, groups: Sequence[TrainingGroup], objective: Objective, sampling: Sampling) -> Batch:
        rows = share(cut([tree_of(group) for group in groups], self.row_tokens), self.ranks)
        return Batch(groups, rows, objective.aggregation, sampling.max_new_tokens)

    def _backward(
        self, row: Row, batch: Batch, objective: Objective, coefficients: Coefficients, temperature: float, tally: Tally
    ) -> float:
        """Forward and backward pass over one row; returns its largest |log-ratio| to the reference policy."""
        packed = PackedTrees.of(row.trees)
        with torch.no_grad():
            reference, _ = self.reference.logprobs(packed, temperature)
        logprobs, entropies = self.policy.logprobs(packed, temperature)
        at = slice(row.first_token, row.first_token + len(logprobs))
        old = logprobs.detach() if batch.old is None else batch.old[at]
        values = TokenValues(
            logprobs, entropies, old, reference,
            batch.advantages[at], batch.weights[at] * (not row.idle), batch.correction[at], batch.keep[at],
        )  # fmt: skip
        segments = Segments.of_lengths(torch.tensor(row.lengths))
        loss, kl, surrogate = row_loss(values, segments, objective, coefficients)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.collect()
        if not row.idle:
            kept, sampler = batch.keep[at], batch.sampler[at]
            tally.add(loss.detach(), kl.detach(), entropies.detach(), old, sampler, kept, surrogate)
        return float((logprobs.detach() - reference).abs().max())

    @torch.no_grad()
    def _logprobs_of(self, batch: Batch, temperature: float) -> Tensor:
        """Of every token of the update, `[tokens]`, whichever process computed it."""
        whole = torch.zeros_like(batch.sampler)
        for row in batch.rows:
            logprobs, _ = self.policy.logprobs(PackedTrees.of(row.trees), temperature)
            if not row.idle:
                whole[row.first_token : row.first_token + len(logprobs)] = logprobs
        return self.ranks.sum(whole)


def tree_of(group: TrainingGroup) -> Tree:
    """A group's prompt and all its completions."""
    return Tree(group.sampled.request.prompt, [completion.tokens for completion in group.sampled.completions])


def _check_fresh(drift: float, fresh_reference: bool) -> None:
    if fresh_reference and drift != 0.0:
        raise IntegrityError(
            f"the first update after a reset has a log-ratio of {drift:g} to its reference policy; it must be exactly 0"
        )
