"""What was measured, before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from prorl.boundary.laboratory.scoring import Scores
from prorl.boundary.laboratory.temperature import Matched
from prorl.boundary.novelty.measure import Novelty
from prorl.boundary.store.questions import Question


@dataclass
class Evidence:
    """Counts by problem of several models, the base first, and the controls that were made."""

    counts: dict[str, pl.DataFrame]
    """By model's name (`boundary.samples.counts`)."""
    samples: int
    """Completions of each problem that are counted."""
    source: dict[str, Any]
    """Where it comes from: settings, models, the command."""
    answers: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By model: how often each answer was given (`boundary.answers`)."""
    shares: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By model and task: shares of unparseable, timed out, failed and unfinished samples, and mean tokens."""
    steps: dict[str, int] = field(default_factory=dict)
    """Training steps by model, where they are known."""
    fresh: pl.DataFrame | None = None
    """Counts of the second, independent base sample; None if there was none."""
    guesses: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By tuned model: `guess_n`, `guess_c` and `guess_rate` of the problems that look new."""
    swaps: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By tuned model: answers to one problem judged as answers to another (`boundary.claim_swaps`)."""
    verified: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By model: `c_verified`, successes whose steps the task's own check accepts."""
    judged: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By model: the same by a judge."""
    jointly: dict[str, pl.DataFrame] = field(default_factory=dict)
    """By model: the same by both, sample by sample, where there are both."""
    unread: frozenset[str] = frozenset()
    """Tasks whose reasoning was checked, and the verdicts on it can't be read: nothing of them can be called new."""
    scores: list[Scores] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)
    at_matched: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Counts of tuned models at the temperature where their entropy is the base's."""
    questions: dict[str, Question] = field(default_factory=dict)
    trained: frozenset[str] = frozenset()
    """Tasks, as named in the suite, that training asked; empty if nothing is known of it."""
    right: dict[str, pl.LazyFrame] = field(default_factory=dict)
    """By model: right answers (task, problem, text), read when they are needed."""
    novelty: list[Novelty] = field(default_factory=list)
