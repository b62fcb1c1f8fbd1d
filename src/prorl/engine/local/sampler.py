"""Group sampling in this process: prompts prefilled once, all their completions decoded together."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from prorl.engine.local.draw import draw, stream_key, uniforms
from prorl.engine.protocol import Completion, GroupRequest, SampledGroup, Sampling
from prorl.policy.branches import GrowingBranches
from prorl.policy.logprobs import chunks
from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree


def sample(
    policy: Policy, requests: Sequence[GroupRequest], sampling: Sampling, seed: int, concurrent: int, version: int
) -> Generator[SampledGroup]:
    """Complete all requests, at most `concurrent` completions at a time (but always a whole group)."""
    width = max(1, concurrent // sampling.samples)
    for first in range(0, len(requests), width):
        wave = _Wave(policy, requests[first : first + width], sampling, seed, version)
        while not wave.done:
            yield from wave.advance()


class _Wave:
    """Groups that are decoded together; each leaves when its last completion ends."""

    def __init__(
        self, policy: Policy, requests: Sequence[GroupRequest], sampling: Sampling, seed: int, version: int
    ) -> None:
        self.policy, self.requests, self.sampling, self.version = policy, requests, sampling, version
        n, rows = sampling.samples, len(requests) * sampling.samples
        keys = [stream_key(seed, request.key, branch) for request in requests for branch in range(n)]
        self.keys = torch.tensor(keys)
        self.starts = torch.tensor([len(request.prompt) for request in requests]).repeat_interleave(n)
        self.tokens = torch.zeros(rows, sampling.max_new_tokens, dtype=torch.long)
        self.logprobs = torch.zeros(rows, sampling.max_new_tokens)
        self.lengths = torch.zeros(rows, dtype=torch.long)
        self.ended = torch.zeros(rows, dtype=torch.bool)
        self.ends = torch.tensor(sorted(policy.ends))
        self.rows = torch.arange(rows)
        self.open = [n] * len(requests)
        self.hidden, self.branches = self._prefill()

    @property
    def done(self) -> bool:
        return not len(self.rows)

    @torch.no_grad()
    def advance(self) -> list[SampledGroup]:
        """One more token for every open completion; returns the groups that became complete."""
        step = self.branches.length
        drawn, logprobs = self._draw(step)
        self.tokens[self.rows, step] = drawn
        self.logprobs[self.rows, step] = logprobs
        self.lengths[self.rows] = step + 1
        ended = torch.isin(drawn, self.ends)
        self.ended[self.rows] = ended
        leaving = ended if step + 1 < self.sampling.max_new_tokens else torch.ones_like(ended)
        complete = self._leave(leaving)
        self.rows = self.rows[~leaving]
        self.branches.finish(leaving)
        if not self.done:
            self.branches.drop_finished()
            self.branches.grow()
            positions = self.starts[self.rows] + step
            self.hidden = self.policy.hidden(drawn[~leaving], positions, self.branches)
        return complete

    def _draw(self, step: int) -> tuple[Tensor, Tensor]:
        """The next token of every open completion, some rows at a time so that their logits stay small."""
        parts = []
        keys = self.keys[self.rows]
        for at in chunks(len(keys), self.policy.vocabulary):
            logits = self.policy.head(self.hidden[at]).float().div_(self.sampling.temperature)
            parts.append(draw(logits, uniforms(keys[at], step)))
        drawn, logprobs = zip(*parts, strict=True)
        return torch.cat(drawn), torch.cat(logprobs)

    @torch.no_grad()
    def _prefill(self) -> tuple[Tensor, GrowingBranches]:
        trunks = PackedTrees.of([Tree(request.prompt) for request in self.requests], keep_keys=True)
        hidden = self.policy.hidden(trunks.input_ids, trunks.positions, trunks)
        branches = GrowingBranches(trunks, self.sampling.samples, self.sampling.max_new_tokens)
        return hidden[trunks.trunk_ends].repeat_interleave(self.sampling.samples, 0), branches

    def _leave(self, leaving: Tensor) -> list[SampledGroup]:
        complete = []
        for row in self.rows[leaving].tolist():
            group = row // self.sampling.samples
            self.open[group] -= 1
            if not self.open[group]:
                complete.append(self._group(group))
        return complete

    def _group(self, group: int) -> SampledGroup:
        n = self.sampling.samples
        completions = []
        for row in range(group * n, (group + 1) * n):
            length = int(self.lengths[row])
            tokens, logprobs = self.tokens[row, :length].tolist(), self.logprobs[row, :length].tolist()
            completions.append(Completion(tuple(tokens), tuple(logprobs), bool(self.ended[row])))
        return SampledGroup(self.requests[group], tuple(completions), self.version)
