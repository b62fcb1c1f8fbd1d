"""What a step did, as numbers and as rollouts that a person can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from prorl.engine.protocol import TrainingGroup, UpdateReport
from prorl.run.collect import Collected, JudgedGroup
from prorl.tasks.contract import Outcome


def step_metrics(
    stage: str, collected: Collected, shaped_reward: float | None, report: UpdateReport | None
) -> dict[str, float | int | str]:
    """Metrics of one step; equal runs give equal numbers. Without an update its numbers are missing, not zero."""
    groups = collected.groups
    judged = [c for group in groups for c in group.completions]
    scores = [c.verdict.score for c in judged if c.valid]
    lengths = [len(c.completion.tokens) for c in judged]
    reasons = [group.reason for group in groups]
    values: dict[str, float | int | str] = {
        "stage": stage,
        "reward": _mean(scores),
        "solved": _mean([float(score >= 1.0) for score in scores]),
        "tolerant": _mean([float(c.verdict.tolerant_score >= 1.0) for c in judged if c.valid]),
        "groups_sampled": len(groups),
        "groups_admitted": sum(group.admitted for group in groups),
        "groups_trained": len(collected.kept),
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
    }
    if shaped_reward is not None:
        values["reward_shaped"] = shaped_reward
    if report is not None:
        values |= {name: getattr(report, name) for name in report.__slots__}
    return values | _by_task(groups)


def write_rollouts(file: Path, collected: Collected, trained: Sequence[TrainingGroup]) -> None:
    """One JSON line a group: problem, question, and every completion with verdict and advantage (null: not trained)."""
    given = {group.sampled.request.key: iter(group.advantages) for group in trained}
    with open(file, "w", encoding="utf-8") as out:
        for group in collected.groups:
            advantage = given.get(group.sampled.request.key)
            record = {
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
                        "advantage": next(advantage) if advantage is not None and c.valid else None,
                    }
                    for c in group.completions
                ],
            }
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


def _by_task(groups: Sequence[JudgedGroup]) -> dict[str, float | int | str]:
    """For every task asked in this step: its share of solved completions and of groups that carry a signal."""
    solved: dict[str, list[float]] = {}
    effective: dict[str, list[float]] = {}
    for group in groups:
        task = group.problem.task
        solved.setdefault(task, []).extend(float(c.verdict.score >= 1.0) for c in group.completions if c.valid)
        effective.setdefault(task, []).append(float(group.reason == "mixed"))
    shares: dict[str, float | int | str] = {f"solved/{task}": _mean(values) for task, values in sorted(solved.items())}
    return shares | {f"effective/{task}": _mean(values) for task, values in sorted(effective.items())}


def _mean(values: Sequence[float]) -> float:
    """NaN for no values: there is nothing to report, and zero would be a lie."""
    return fmean(values) if values else float("nan")
