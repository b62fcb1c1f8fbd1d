"""Group sampling in this process: completions that have ended leave the batch, and waiting prompts take their room."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from prorl.engine.local.filter import keep_likely
from prorl.engine.local.prefill import prefill
from prorl.engine.local.randomness import stream_key, uniforms
from prorl.engine.local.stops import Stops
from prorl.engine.protocol import Completion, GroupRequest, SampledGroup, Sampling
from prorl.kernels.vocabulary import draw
from prorl.policy.decoding import Decoder
from prorl.policy.logprobs import chunks
from prorl.policy.model import Policy

PREFILL_TOKENS = 8192
"""Prompt tokens computed in one forward pass; a longer prompt has one of its own."""


@dataclass(frozen=True)
class Sampler:
    """Completes prompts, about `concurrent` completions at a time (but always a whole group).

    Keys and values take at most `cache_bytes`, or what one group needs.
    """

    policy: Policy
    seed: int
    concurrent: int
    cache_bytes: int

    def sample(self, requests: Sequence[GroupRequest], sampling: Sampling, version: int) -> Generator[SampledGroup]:
        """Groups as they become complete, marked with the weights' `version`."""
        if not requests:
            return
        waves = math.ceil(len(requests) * sampling.samples / self.concurrent)
        with self.policy.decoding(sampling.max_new_tokens * waves) as decoder:
            batch = Batch(self, decoder, requests, sampling, version)
            while not batch.done:
                yield from batch.advance()

    def places(self, decoder: Decoder, requests: int, sampling: Sampling, depth: int) -> int:
        """Trees held at once: twice what fills the batch; a tree's place is free only when its last branch ends."""
        a_tree = decoder.tree_bytes(sampling.samples, depth, sampling.max_new_tokens)
        full = max(1, self.concurrent // sampling.samples)
        return max(1, min(requests, 2 * full, self.cache_bytes // a_tree))


class Batch:
    """The groups under way. Branch b of the group at place t is row `t * samples + b`."""

    def __init__(
        self, sampler: Sampler, decoder: Decoder, requests: Sequence[GroupRequest], sampling: Sampling, version: int
    ) -> None:
        self.policy, self.seed, self.concurrent = sampler.policy, sampler.seed, sampler.concurrent
        self.decoder, self.sampling, self.version = decoder, sampling, version
        policy = self.policy
        self.waiting = deque(requests)
        depth = max(len(request.prompt) for request in requests)
        places = sampler.places(decoder, len(requests), sampling, depth)
        rows, most = places * sampling.samples, sampling.max_new_tokens
        self.branches = decoder.branches(places, sampling.samples, depth, most)
        self.requests: list[GroupRequest | None] = [None] * places
        self.open = [0] * places
        self.keys = torch.zeros(rows, dtype=torch.long)
        self.tokens = torch.zeros(rows, most, dtype=torch.long)
        self.logprobs = torch.zeros(rows, most)
        self.lengths = torch.zeros(rows, dtype=torch.long)
        self.ended = torch.zeros(rows, dtype=torch.bool)
        self.ends = torch.tensor(sorted(policy.ends))
        self.stops = Stops(policy, sampling.stop)
        self.rows = torch.zeros(0, dtype=torch.long)
        self.hidden: Tensor | None = None

    @property
    def done(self) -> bool:
        return not len(self.rows) and not self.waiting

    @torch.no_grad()
    def advance(self) -> list[SampledGroup]:
        """One more token for every open completion; returns the groups that became complete."""
        self._admit()
        at = self.lengths[self.rows]
        drawn, logprobs = self._draw(at)
        self.tokens[self.rows, at] = drawn
        self.logprobs[self.rows, at] = logprobs
        self.lengths[self.rows] = at + 1
        ended = torch.isin(drawn, self.ends) | self.stops.reached(self.rows, self.tokens, self.lengths)
        self.ended[self.rows] = ended
        leaving = ended | (at + 1 >= self.sampling.max_new_tokens)
        complete = self._leave(self.rows[leaving])
        self.rows = self.rows[~leaving]
        self.hidden = None
        if len(self.rows):
            positions = self.branches.take(self.rows)
            self.hidden = self.decoder.advance(drawn[~leaving], positions, self.branches)
        return complete

    def _draw(self, at: Tensor) -> tuple[Tensor, Tensor]:
        """The next token of every open completion, some rows at a time so that their logits stay small."""
        assert self.hidden is not None
        uniform, temperature = uniforms(self.keys[self.rows], at), self.sampling.temperature
        if not self.sampling.filters and (drawn := self.policy.draw(self.hidden, uniform, temperature)) is not None:
            return drawn
        parts = []
        for some in chunks(len(self.rows), self.policy.vocabulary):
            logits, rest = self.policy.head(self.hidden[some])
            if self.sampling.filters:
                logits, rest = keep_likely(logits if rest is None else logits.float() + rest, self.sampling), None
            parts.append(draw(logits, rest, uniform[some], temperature))
        tokens, logprobs = zip(*parts, strict=True)
        return torch.cat(tokens), torch.cat(logprobs)

    def _admit(self) -> None:
        """Let waiting groups begin where there is room, several at once so that their prompts are computed together."""
        n = self.sampling.samples
        free = [place for place, request in enumerate(self.requests) if request is None]
        room = min(len(free), len(self.waiting), max((self.concurrent - len(self.rows)) // n, 0))
        if not len(self.rows):
            room = max(room, 1)
        elif room < min(len(self.waiting), max(1, min(self.concurrent // n, len(self.requests)) // 4)):
            return
        begun: list[Tensor] = [] if self.hidden is None else [self.hidden]
        while room and self.waiting:
            some = self._next(room)
            room -= len(some)
            prefilled = prefill(self.policy, [request.prompt for request in some])
            for request, tokens in zip(some, prefilled.tokens, strict=True):
                self._begin(free.pop(0), request, prefilled.keys, tokens)
            begun.append(prefilled.hidden.repeat_interleave(n, 0))
        self.hidden = torch.cat(begun)

    def _next(self, most: int) -> list[GroupRequest]:
        """Waiting groups whose prompts fit into one forward pass."""
        some = [self.waiting.popleft()]
        tokens = len(some[0].prompt)
        while self.waiting and len(some) < most and tokens + len(self.waiting[0].prompt) <= PREFILL_TOKENS:
            some.append(self.waiting.popleft())
            tokens += len(some[-1].prompt)
        return some

    def _begin(self, place: int, request: GroupRequest, keys: list[tuple[Tensor, Tensor]], tokens: Tensor) -> None:
        n = self.sampling.samples
        self.branches.plant(place, keys, tokens)
        self.requests[place], self.open[place] = request, n
        rows = torch.arange(place * n, (place + 1) * n)
        first = request.first_sample
        self.keys[rows] = torch.tensor([stream_key(self.seed, request.key, first + branch) for branch in range(n)])
        self.lengths[rows] = 0
        self.rows = torch.cat([self.rows, rows])

    def _leave(self, rows: Tensor) -> list[SampledGroup]:
        complete = []
        for row in rows.tolist():
            place = row // self.sampling.samples
            self.open[place] -= 1
            if not self.open[place]:
                complete.append(self._group(place))
        return complete

    def _group(self, place: int) -> SampledGroup:
        request, n = self.requests[place], self.sampling.samples
        assert request is not None
        self.requests[place] = None
        completions = []
        for row in range(place * n, (place + 1) * n):
            length = int(self.lengths[row])
            tokens, logprobs = self.tokens[row, :length].tolist(), self.logprobs[row, :length].tolist()
            completions.append(Completion(tuple(tokens), tuple(logprobs), bool(self.ended[row])))
        return SampledGroup(request, tuple(completions), self.version)
