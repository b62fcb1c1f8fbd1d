"""The report's examples: answers to held-out problems, and rollouts of the training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prorl.run.report_data import RunFiles, records

if TYPE_CHECKING:
    import polars as pl

LONGEST_TEXT = 4_000
"""Characters of a completion that the page shows."""
EXAMPLE_TASKS, EXAMPLE_PROBLEMS, ROLLOUT_GROUPS, ROLLOUT_COMPLETIONS = 24, 2, 4, 4


def examples(files: RunFiles) -> list[dict[str, Any]]:
    """By task: the held-out problems with the largest and the smallest gain, one answer of each model.

    Of each model's samples the one shown is the first with its most frequent outcome: typical, not picked.
    """
    if files.base is None or files.trained is None:
        return []
    import polars as pl

    both = (
        files.base.group_by("task", "problem")
        .agg((pl.col("score") >= 1.0).mean().alias("base"), pl.len().alias("n_base"))
        .join(
            files.trained.group_by("task", "problem").agg(
                (pl.col("score") >= 1.0).mean().alias("trained"), pl.len().alias("n_trained")
            ),
            on=["task", "problem"],
        )
        .with_columns((pl.col("trained") - pl.col("base")).alias("gain"))
        .sort("task", "gain", "problem", descending=[False, True, False])
    )
    shown = []
    for (task,), part in list(both.group_by("task", maintain_order=True))[:EXAMPLE_TASKS]:
        ends = [part.row(0, named=True), part.row(part.height - 1, named=True)][: min(part.height, EXAMPLE_PROBLEMS)]
        problems = [
            {
                "id": row["problem"],
                "question": clip(files.questions.get((str(task), row["problem"]), "")),
                "sides": [
                    {
                        "name": name,
                        "rate": row[name],
                        "n": row[f"n_{name}"],
                        **_typical(frame, str(task), row["problem"]),
                    }
                    for name, frame in (("base", files.base), ("trained", files.trained))
                ],
            }
            for row in ends
        ]
        shown.append({"task": task, "problems": problems})
    return shown


def rollouts(files: RunFiles) -> list[dict[str, Any]]:
    """A few groups of the first and of the last step that left rollouts."""
    steps = files.rollouts[:1] + files.rollouts[-1:] if len(files.rollouts) > 1 else files.rollouts
    shown = []
    for path in steps:
        groups = [_group(record) for record in _one_a_task(records(path))[:ROLLOUT_GROUPS]]
        shown.append({"step": path.stem.removeprefix("step_").lstrip("0") or "0", "groups": groups})
    return shown


def clip(text: str) -> str:
    """`text`, or its beginning and how much was left out."""
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]} … ({len(text) - LONGEST_TEXT:,} more characters)"


def _typical(frame: pl.DataFrame, task: str, problem: str) -> dict[str, Any]:
    import polars as pl

    rows = frame.filter((pl.col("task") == task) & (pl.col("problem") == problem)).sort("sample").to_dicts()
    outcomes = [row["outcome"] for row in rows]
    usual = max(outcomes, key=outcomes.count)
    row = rows[outcomes.index(usual)]
    return {"outcome": row["outcome"], "tokens": row["tokens"], "text": clip(row["text"])}


def _group(record: dict[str, Any]) -> dict[str, Any]:
    completions = record.get("completions") or []
    kept = [
        {**completion, "text": clip(str(completion.get("text", ""))), "outcome": completion.get("outcome", "?")}
        for completion in completions[:ROLLOUT_COMPLETIONS]
    ]
    left_out = len(completions) - len(kept)
    return {**record, "question": clip(str(record.get("question", ""))), "completions": kept, "left_out": left_out}


def _one_a_task(groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[str, dict[str, Any]] = {}
    for group in groups:
        first.setdefault(str(group.get("task", "")), group)
    return list(first.values())
