"""Sampling a model into a store: what is missing, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import polars as pl

from prorl.boundary.store.key import Key
from prorl.boundary.store.parts import Parts
from prorl.boundary.store.rows import SCHEMA
from prorl.engine.protocol import Engine, GroupRequest, SampledGroup
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.verify.pool import WorkerPool

Prompt = Callable[[Problem], Sequence[Message]]
Told = Callable[[int, int], None]
"""Told how many samples were made and how many there are to make."""

AT_ONCE = 256
"""Most completions of a problem that are asked for at once: what an interruption can cost at most, per problem."""
PART_SAMPLES = 16_384
PART_SECONDS = 20.0
"""A part is written when it has so many samples, or when so much time has gone by."""


@dataclass(frozen=True, slots=True)
class Job:
    """Completions `first` to `first + count` of a problem."""

    problem: Problem
    first: int
    count: int


def jobs(problems: Sequence[Problem], samples: int, held: Mapping[str, set[int]]) -> list[Job]:
    """What is missing of the first `samples` completions of every problem."""
    found = []
    for problem in problems:
        have = held.get(problem.id, set())
        missing = [number for number in range(samples) if number not in have]
        for _, run in groupby(enumerate(missing), key=lambda pair: pair[1] - pair[0]):
            numbers = [number for _, number in run]
            for begin in range(0, len(numbers), AT_ONCE):
                found.append(Job(problem, numbers[begin], len(numbers[begin : begin + AT_ONCE])))
    return found


def fill(
    engine: Engine,
    key: Key,
    parts: Parts,
    wanted: Sequence[Job],
    prompt: Prompt,
    pool: WorkerPool[Problem],
    told: Told = lambda done, total: None,
) -> None:
    """Make the wanted samples. Whatever ends this early, groups that were complete are kept."""
    writer = _Writer(engine, key, parts, pool)
    total, done = sum(job.count for job in wanted), 0
    try:
        for group, job in _sampled(engine, key, wanted, prompt):
            writer.add(job, group)
            done += job.count
            told(done, total)
    finally:
        writer.flush()


def _sampled(engine: Engine, key: Key, wanted: Sequence[Job], prompt: Prompt) -> Iterator[tuple[SampledGroup, Job]]:
    """Groups as they finish; jobs of one size are sampled together, prompts of like length beside each other."""
    encoded = {job.problem.id: tuple(engine.encode(prompt(job.problem))) for job in wanted}
    in_order = sorted(wanted, key=lambda job: (job.count, len(encoded[job.problem.id]), job.problem.id, job.first))
    asking = key.asking
    for count, some in groupby(in_order, key=lambda job: job.count):
        by_place = {(key.stream(job.problem.id), job.first): job for job in some}
        requests = [GroupRequest(stream, encoded[job.problem.id], first) for (stream, first), job in by_place.items()]
        for group in engine.sample(requests, asking.sampling(count)):
            yield group, by_place[group.request.key, group.request.first_sample]


@dataclass
class _Writer:
    """Has answers judged while others are sampled, and writes parts."""

    engine: Engine
    key: Key
    parts: Parts
    pool: WorkerPool[Problem]
    _waiting: list[tuple[dict[str, Any], Future[Verdict]]] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def add(self, job: Job, group: SampledGroup) -> None:
        """Take a complete group. Equal completions of a problem are judged once."""
        texts: dict[tuple[int, ...], tuple[str, Future[Verdict]]] = {}
        for number, completion in enumerate(group.completions, job.first):
            if completion.tokens not in texts:
                text = self.engine.decode(completion.tokens)
                texts[completion.tokens] = text, self.pool.submit(job.problem, text)
            text, judging = texts[completion.tokens]
            row = {
                "model": self.key.model,
                "task": job.problem.task,
                "problem": job.problem.id,
                "sample": number,
                "tokens": len(completion.tokens),
                "finished": completion.finished,
                "text": text,
                "logprob": sum(completion.logprobs),
                "ids": completion.tokens,
            }
            self._waiting.append((row, judging))
        if len(self._waiting) >= PART_SAMPLES or time.monotonic() - self._since > PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was judged as a part."""
        if self._waiting:
            rows = [{**row, **verdict_columns(judging.result())} for row, judging in self._waiting]
            self.parts.add(pl.DataFrame(rows, schema=SCHEMA))
        self._waiting, self._since = [], time.monotonic()


def verdict_columns(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the columns of a row."""
    return {
        "score": verdict.score,
        "tolerant_score": verdict.tolerant_score,
        "outcome": verdict.outcome.value,
        "answer": verdict.answer,
    }
