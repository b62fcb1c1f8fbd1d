"""Results where reasoning was checked besides the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prorl.boundary.curves import curves
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.results import Checked
from prorl.boundary.paired import pair


def checked(evidence: Evidence, ks: Sequence[int], seed: int, level: float) -> Iterator[Checked]:
    """pass@k of right answers, and of those whose reasoning holds, over the problems where it was checked."""
    for by, frames in (("process", evidence.verified), ("judge", evidence.judged)):
        for model, verified in frames.items():
            counts = evidence.counts[model].join(verified, on=["task", "problem"], how="inner")
            stricter = counts.with_columns(c="c_verified")
            paired = pair({"answer": counts, "reasoning": stricter})
            answer, reasoning = (curves(paired, which, ks, seed=seed, level=level)[-1] for which in paired.models)
            yield Checked(model, by, paired.tasks, answer.problems, answer.strict, reasoning.strict)
