"""What a measurement came to: everything that the report shows and `summary.json` holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from prorl.boundary.analysis import Analysis
from prorl.boundary.claims import NEW, Claims
from prorl.boundary.contrasts import Contrast
from prorl.boundary.intervals import Interval
from prorl.boundary.laboratory.temperature import Matched
from prorl.boundary.levels import Level
from prorl.boundary.means import Mean
from prorl.boundary.novelty.measure import Novelty
from prorl.boundary.paired import STRICT
from prorl.boundary.plain import Plain
from prorl.tasks.names import OVERALL

LONG = 0.1
"""A larger share of samples at the length limit is a warning."""


@dataclass(frozen=True, slots=True)
class Checked(Plain):
    """pass@k of successes whose reasoning holds too (Wen et al., arXiv 2506.14245)."""

    model: str
    by: str
    """`process` (the task's own check, process-verified pass@k) or `judge` (CoT-pass@k)."""
    tasks: tuple[str, ...]
    problems: int
    answer: dict[int, Interval]
    """By k: right answers, over the same tasks."""
    reasoning: dict[int, Interval]
    """By k: right answers with right reasoning."""


@dataclass(frozen=True, slots=True)
class Read(Plain):
    """What one model makes of another's completions (or of its own)."""

    scorer: str
    author: str
    right_ones: bool
    completions: int
    tokens: int
    entropy: float | None
    """Nats per token, at temperature 1."""
    perplexity: float | None


@dataclass(frozen=True, slots=True)
class Trained(Plain):
    """A model by the training steps behind it."""

    model: str
    steps: int
    accuracy: Interval
    boundary: Interval


@dataclass(frozen=True, slots=True)
class Results(Plain):
    """All results. The first model is the base."""

    source: dict[str, Any]
    """Where it comes from: settings, models, the command."""
    samples: int
    """Completions of each problem."""
    problems: int
    analysis: Analysis
    claims: tuple[Claims, ...]
    """Of every tuned model."""
    levels: tuple[Level, ...]
    out_of_training: tuple[str, ...]
    """Tasks of the suite that training didn't ask, where that is known."""
    duration: tuple[Trained, ...]
    majority: dict[str, dict[int, list[Mean]]]
    """By model and k: majority@k by task, the suite's mean last."""
    answer_entropy: dict[str, list[Mean]]
    """By model: nats, by task, the suite's mean last."""
    shares: dict[str, list[dict[str, Any]]]
    """By model: what went wrong with samples, by task."""
    checked: tuple[Checked, ...]
    read: tuple[Read, ...]
    matched: tuple[Matched, ...]
    matched_contrasts: tuple[Contrast, ...]
    """Base against each tuned model at the temperature where its entropy is nearest to the base's; p-values are
    corrected over all of these, as those of the comparison at one temperature are."""
    novelty: tuple[Novelty, ...]
    questions: dict[str, str] = field(default_factory=dict)
    """By problem: what was asked; of the problems that are listed."""

    @property
    def models(self) -> tuple[str, ...]:
        """Names, the base first."""
        return self.analysis.models

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before believing the numbers."""
        found = list(self.analysis.warnings)
        for model, rows in self.shares.items():
            broken = [row["task"] for row in rows if (row["timeout"] or 0) + (row["error"] or 0) > 0]
            if broken:
                found.append(f"{model}: the verifier ran out of time or failed on samples of {', '.join(broken)}")
            long = [row["task"] for row in rows if (row["unfinished"] or 0) > LONG]
            if long:
                found.append(f"{model}: more than {LONG:.0%} of the samples hit the length limit: {', '.join(long)}")
        found += [match.warning for match in self.matched if match.warning]
        return [*found, *self.source.get("notes", [])]

    @property
    def verdict(self) -> list[str]:
        """What may be claimed, a sentence for each tuned model."""
        return [self._sentence(model) for model in self.models[1:]]

    def _sentence(self, model: str) -> str:
        row = next(c for c in self.analysis.contrasts if (c.tuned, c.task, c.extraction) == (model, OVERALL, STRICT))
        parts = [_moved(row, 1, row.accuracy)]
        if row.boundary_k > 1:
            parts.append(_moved(row, row.boundary_k, row.boundary))
        counted = next((claims.counts for claims in self.claims if claims.tuned == model), None)
        if counted is not None:
            parts.append(f"{sum(counted.values())} problems look newly solvable, {counted[NEW]} stand as new")
        return f"{model}: " + "; ".join(parts) + "."

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("verdict", "warnings")


def _moved(row: Contrast, k: int, word: str) -> str:
    delta = row.delta[k]
    points = [100 * value for value in (delta.estimate, delta.low, delta.high)]
    return f"pass@{k} {word} ({points[0]:+.1f} points [{points[1]:+.1f}, {points[2]:+.1f}])"
