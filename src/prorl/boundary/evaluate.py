"""Sampling a model on held-out problems: the raw material of every comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from prorl.engine.protocol import Completion, Engine, GroupRequest, Sampling
from prorl.tasks.contract import Problem, Verdict
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

if TYPE_CHECKING:
    import polars as pl


def sample_problems(
    engine: Engine,
    suite: Suite,
    problems: Sequence[Problem],
    pool: WorkerPool[Problem],
    sampling: Sampling,
    model: str,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> pl.DataFrame:
    """A sample table (`boundary.samples`) of `sampling.samples` completions for every problem.

    A problem's random numbers follow from its id and the engine's seed, so two models are compared on the same ones.
    `told(done, total)` is called as problems finish. Rows are in the order of `problems`.
    """
    from prorl.boundary.samples import table

    by_key = {int(problem.id[:15], 16): problem for problem in problems}
    requests = [GroupRequest(key, tuple(engine.encode(suite.prompt(p)))) for key, p in by_key.items()]
    requests.sort(key=lambda request: len(request.prompt))
    answers: dict[int, list[tuple[Completion, str, Future[Verdict]]]] = {}
    for group in engine.sample(requests, sampling):
        problem = by_key[group.request.key]
        texts = [engine.decode(completion.tokens) for completion in group.completions]
        judging = [pool.submit(problem, text) for text in texts]
        answers[group.request.key] = list(zip(group.completions, texts, judging, strict=True))
        told(len(answers), len(problems))
    return table(
        _row(model, problem, number, *answer)
        for key, problem in by_key.items()
        for number, answer in enumerate(answers[key])
    )


def _row(
    model: str, problem: Problem, number: int, completion: Completion, text: str, judging: Future[Verdict]
) -> dict[str, Any]:
    verdict = judging.result()
    return {
        "model": model,
        "task": problem.task,
        "problem": problem.id,
        "sample": number,
        "score": verdict.score,
        "tolerant_score": verdict.tolerant_score,
        "outcome": verdict.outcome.value,
        "tokens": len(completion.tokens),
        "finished": completion.finished,
        "text": text,
    }
