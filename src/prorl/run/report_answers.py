"""The report's examples: answers of both models to held-out problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prorl.run.report_data import RunFiles
from prorl.run.report_rollouts import clip

if TYPE_CHECKING:
    import polars as pl

EXAMPLE_TASKS, EXAMPLE_PROBLEMS = 24, 2


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


def _typical(frame: pl.DataFrame, task: str, problem: str) -> dict[str, Any]:
    import polars as pl

    rows = frame.filter((pl.col("task") == task) & (pl.col("problem") == problem)).sort("sample").to_dicts()
    outcomes = [row["outcome"] for row in rows]
    usual = max(outcomes, key=outcomes.count)
    row = rows[outcomes.index(usual)]
    return {"outcome": row["outcome"], "tokens": row["tokens"], "text": clip(row["text"])}
