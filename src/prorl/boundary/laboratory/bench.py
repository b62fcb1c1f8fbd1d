"""The bench: a store, a suite, workers that judge, and one engine at a time."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.samples import counts
from prorl.boundary.store.fill import fill, jobs
from prorl.boundary.store.key import Asking, Key, Mode
from prorl.boundary.store.questions import question_of
from prorl.boundary.store.store import Store
from prorl.engine.protocol import Engine
from prorl.recipe.schema import Compute
from prorl.tasks.contract import Message, Problem
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

Told = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

DIRECTLY = "Give only the final answer at once. No reasoning, no steps, no explanation."


@dataclass
class Bench:
    """Samples subjects into a store. A subject is loaded only while it is needed."""

    store: Store
    suite: Suite
    problems: Sequence[Problem]
    pool: WorkerPool[Problem]
    compute: Compute
    told: Told = lambda what, done, total: None
    models: dict[str, str] = field(default_factory=dict)
    """Hash of the weights by the subject's name."""
    _open: tuple[str, Engine] | None = None

    def begin(self) -> None:
        """Write down what is asked. Raises UserError if the store holds the same problems asked in another way."""
        self.store.questions.add(
            question_of(
                problem, self.suite.prompt(problem), getattr(self.suite.tasks[problem.task], "guess_rate", None)
            )
            for problem in self.problems
        )

    def engine(self, subject: Subject) -> Engine:
        """The subject's engine; the one before it is let go."""
        if self._open is None or self._open[0] != subject.name:
            self.release()
            self.told(f"loading {subject.name}", 0, 0)
            engine = subject.open(self.compute)
            self._open = subject.name, engine
            self.models[subject.name] = engine.reference_id
        return self._open[1]

    def release(self) -> None:
        """Let go of the engine that is loaded."""
        self._open = None
        gc.collect()

    def key(self, subject: Subject, asking: Asking, seed: int) -> Key:
        """The key of a subject's samples; it is loaded if its weights are not known yet."""
        if subject.name not in self.models:
            self.engine(subject)
        return Key(self.models[subject.name], asking, seed)

    def sample(
        self, subject: Subject, asking: Asking, seed: int, samples: int, problems: Sequence[Problem], what: str
    ) -> Key:
        """Make what is missing of the first `samples` completions of these problems."""
        key = self.key(subject, asking, seed)
        parts = self.store.parts(key)
        wanted = jobs(problems, samples, parts.held())
        if wanted:
            engine = self.engine(subject)
            fill(
                engine, key, parts, wanted, self._prompt(asking.mode), self.pool,
                lambda done, total: self.told(what, done, total),
            )  # fmt: skip
        return key

    def counts(self, key: Key, samples: int, problems: Sequence[Problem]) -> pl.DataFrame:
        """Counts by problem over the first `samples` completions."""
        asked = [problem.id for problem in problems]
        columns = ("task", "problem", "sample", "score", "tolerant_score")
        rows = self.store.parts(key).scan(columns)
        return counts(rows.filter((pl.col("sample") < samples) & pl.col("problem").is_in(asked)))

    def _prompt(self, mode: Mode) -> Callable[[Problem], Sequence[Message]]:
        return self.suite.prompt if mode is Mode.ANSWER else self._without_reasoning

    def _without_reasoning(self, problem: Problem) -> Sequence[Message]:
        *before, last = self.suite.prompt(problem)
        return [*before, Message(last.role, f"{last.content}\n\n{DIRECTLY}")]
