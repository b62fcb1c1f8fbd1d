"""What a step did, as numbers and as rollouts that a person can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from prorl.algo.repetition import repeated_share
from prorl.engine.protocol import ImitationReport, TrainingGroup, UpdateReport
from prorl.run import jsonl
from prorl.run.judged import Collected, Judged, JudgedGroup
from prorl.run.token_spans import TokenSpans
from prorl.tasks.contract import Outcome
from prorl.tasks.suites import domain

Values = dict[str, float | int | str]

_DIGITS = 3
"""Decimals of a log-probability in the rollouts, which are there to be looked at."""

REPETITION_N = 8
"""Length in tokens of the n-grams whose share of repeats is the metric `repetition`."""


def step_metrics(
    stage: str, collected: Collected, shaped_reward: float | None, report: UpdateReport | None,
    groups_compared: bool = False,
) -> Values:  # fmt: skip
    """Metrics of one step; equal runs give equal numbers. Without an update its numbers are missing, not zero.

    `groups_compared`: whether advantages set groups against one another (`algo.advantages.compares_groups`).
    """
    groups = collected.groups
    judged = [c for group in groups for c in group.completions]
    scores = [c.verdict.score for c in judged if c.valid]
    lengths = [len(c.completion.tokens) for c in judged]
    reasons = [group.reason for group in groups]
    values: Values = {
        "stage": stage,
        "reward": _mean(scores),
        "solved": _mean([float(score >= 1.0) for score in scores]),
        "tolerant": _mean([float(c.verdict.tolerant_score >= 1.0) for c in judged if c.valid]),
        "groups_sampled": len(groups),
        "groups_admitted": sum(group.admitted for group in groups),
        "groups_trained": len(collected.kept),
        "groups_stopped": collected.stopped,
        "groups_all_solved": reasons.count("all_solved"),
        "groups_none_solved": reasons.count("none_solved"),
        "effective_prompts": _mean([float(reason == "mixed") for reason in reasons]),
        "prompts_too_long": collected.too_long,
        "completion_tokens": sum(lengths),
        "length_mean": _mean(lengths),
        "truncated": _mean([float(not c.completion.finished) for c in judged]),
        "unparseable": _mean([float(c.verdict.outcome is Outcome.UNPARSEABLE) for c in judged]),
        "verifier_timeouts": sum(c.verdict.outcome is Outcome.TIMEOUT for c in judged),
        "verifier_errors": sum(c.verdict.outcome is Outcome.ERROR for c in judged),
        "verifier_failures": _mean([float(not c.valid) for c in judged]),
        "zero_signal": _zero_signal(groups, groups_compared),
        "repetition": _repetition(judged),
    }
    if shaped_reward is not None:
        values["reward_shaped"] = shaped_reward
    if report is not None:
        values |= {name: getattr(report, name) for name in report.__slots__}
        values["clipped"] = report.clipped_low + report.clipped_high
    return values | _by_task(groups)


def imitation_metrics(stage: str, examples: int, report: ImitationReport | None, finite: bool = True) -> Values:
    """Metrics of an imitating step; without an update its numbers are missing. `finite`: whether the gradients were."""
    values: Values = {"stage": stage, "examples": examples, "non_finite": float(not finite)}
    if report is not None:
        values |= {name: getattr(report, name) for name in report.__slots__}
    return values


def write_rollouts(file: Path, collected: Collected, trained: Sequence[TrainingGroup], spans: TokenSpans) -> None:
    """One JSON line a group: problem, question, and every completion with verdict and advantage (null: not trained).

    `token_logprobs` are those of the sampler in nats, rounded (null: not finite); `token_chars` says how many
    characters of the text each token stands for.
    """
    given = {group.sampled.request.key: iter(group.advantages) for group in trained}
    lines = [
        json.dumps(_rollout(g, given.get(g.sampled.request.key), spans), ensure_ascii=False) for g in collected.groups
    ]
    jsonl.replace(file, "".join(f"{line}\n" for line in lines).encode())


def _rollout(group: JudgedGroup, advantages: Iterator[float] | None, spans: TokenSpans) -> dict[str, Any]:
    return {
        "task": group.problem.task,
        "problem": group.problem.id,
        "question": group.problem.messages[-1].content,
        "admission": group.reason,
        "completions": [
            {
                "text": c.text,
                "outcome": c.verdict.outcome.value,
                "score": c.verdict.score,
                "tolerant_score": c.verdict.tolerant_score,
                "detail": c.verdict.detail,
                "tokens": len(c.completion.tokens),
                "finished": c.completion.finished,
                "advantage": next(advantages) if advantages is not None and c.valid else None,
                "token_chars": spans.lengths(c.completion.tokens, c.text),
                "token_logprobs": [
                    round(value, _DIGITS) if isfinite(value) else None for value in c.completion.logprobs
                ],
            }
            for c in group.completions
        ],
    }


def _rounded(logprob: float) -> float | None:
    return round(logprob, _DIGITS) if isfinite(logprob) else None


def _by_task(groups: Sequence[JudgedGroup]) -> Values:
    """For every task asked in this step its share of solved completions, and for it and its domain that of groups
    which carry a signal."""
    solved: dict[str, list[float]] = {}
    effective: dict[str, list[float]] = {}
    for group in groups:
        task = group.problem.task
        solved.setdefault(task, []).extend(float(c.verdict.score >= 1.0) for c in group.completions if c.valid)
        for name in {task, domain(task)}:
            effective.setdefault(name, []).append(float(group.reason == "mixed"))
    shares: Values = {f"solved/{task}": _mean(values) for task, values in sorted(solved.items())}
    return shares | {f"effective/{name}": _mean(values) for name, values in sorted(effective.items())}


def _zero_signal(groups: Sequence[JudgedGroup], compared: bool) -> float:
    """Share of the groups that nothing is learnt from, whether they are trained on or not.

    They are those whose scores are alike; if groups are compared with one another, and any two scores of those trained
    on differ, only those that are not trained on.
    """
    scores = {c.verdict.score for group in groups if group.admitted for c in group.completions if c.valid}
    across = compared and len(scores) > 1
    return _mean([float(not group.admitted if across else group.reason != "mixed") for group in groups])


def _repetition(judged: Sequence[Judged]) -> float:
    """Mean share of n-grams that repeat an earlier one of the same completion."""
    if not judged:
        return float("nan")
    lengths = torch.tensor([len(c.completion.tokens) for c in judged])
    tokens = torch.tensor([token for c in judged for token in c.completion.tokens])
    return float(repeated_share(tokens, lengths, REPETITION_N).mean())


def _mean(values: Sequence[float]) -> float:
    """NaN for no values: there is nothing to report, and zero would be a lie."""
    return fmean(values) if values else float("nan")
