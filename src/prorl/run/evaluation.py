"""The held-out comparison of a run: base and trained model sampled once each, and compared."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from prorl.boundary.evaluate import sample_problems
from prorl.engine.protocol import Sampling
from prorl.errors import IntegrityError, UserError
from prorl.files import sha256_of
from prorl.recipe.schema import Evaluation
from prorl.run import jsonl
from prorl.run.answer_length import longest, told_of
from prorl.run.directory import free_path
from prorl.run.heeding import heed
from prorl.run.journal import Event
from prorl.run.loop import Loop
from prorl.tasks.contract import Problem
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

if TYPE_CHECKING:
    from pathlib import Path

    from prorl.boundary.comparison import Comparison


class Evaluator:
    """Samples the held-out problems before and after training, once each, and compares."""

    def __init__(
        self, settings: Evaluation, loop: Loop, suite: Suite, problems: list[Problem],
        pool: Callable[[], WorkerPool[Problem]],
    ) -> None:  # fmt: skip
        """`pool` gives the workers that judge this suite's problems."""
        self.settings, self.loop, self.suite, self.problems, self.pool = settings, loop, suite, problems, pool

    def sample(self, name: str) -> None:
        """Write `samples/<name>.parquet` with the policy as it is now, unless it is there already; journal it once.

        A file that the journal doesn't speak of could be of other settings: it is set aside, and made again. Raises
        LeftEarly if a person stops the run between two problems; nothing is written then.
        """
        from prorl.boundary import samples

        path = self._path(name)
        if path.exists() and not self._told(name):
            self._set_aside(path)
        if path.exists():
            self._check(name)
        else:
            self._sample_into(path, name)
        table = samples.read(path)
        solved = float((table["score"] >= samples.SUCCESS).mean() or 0.0)  # type: ignore[arg-type]
        step = 0 if name == "base" else self.loop.step
        self.loop.journal.ensure(
            "evaluation", step, same=["model", "sha256"], model=name, samples=table.height, solved=solved,
            max_new_tokens=self._sampling().max_new_tokens, sha256=sha256_of(path),
        )  # fmt: skip
        self.loop.progress.event(f"evaluation of the {name} model: {solved:.3f} of {table.height} samples solved")

    def compare(self) -> Comparison:
        """Base against trained, also written to `comparison.json`. Raises IntegrityError if the base's were altered."""
        from prorl.boundary import samples
        from prorl.boundary.compare import compare

        recipe, directory = self.loop.recipe, self.loop.directory
        self._check("base")
        base, trained = (samples.read(self._path(name)) for name in ("base", "trained"))
        comparison = compare(base, trained, ks=sorted({1, self.settings.samples}), seed=recipe.seed)
        jsonl.replace(directory.comparison, json.dumps(comparison.to_dict(), indent=1).encode())
        return comparison

    def _check(self, name: str) -> None:
        """Raises IntegrityError if the samples are not those that the journal speaks of."""
        if sha256_of(self._path(name)) not in [event["sha256"] for event in self._told(name)]:
            raise IntegrityError(f"{self._path(name)} is not what was written; restore it from a copy")

    def _told(self, name: str) -> list[Event]:
        """What the journal says of the samples of that name."""
        return told_of(self.loop.directory.path, name)

    def _set_aside(self, path: Path) -> None:
        aside = free_path(path.parent, f"{path.stem}_aside", path.suffix)
        os.replace(path, aside)
        self.loop.progress.event(f"the journal doesn't say how {path} was made: it is {aside.name} now, and made again")

    def _path(self, name: str) -> Path:
        return self.loop.directory.samples / f"{name}.parquet"

    def _sample_into(self, path: Path, name: str) -> None:
        from prorl.boundary import samples

        if name == "base" and self.loop.step > 0:
            raise UserError(f"{path} is missing and the base model is no longer loaded; restore it from a copy")
        table = sample_problems(
            self.loop.engine, self.suite, self.problems, self.pool(), self._sampling(), name,
            lambda done, total: self._told_of(name, done, total),
        )  # fmt: skip
        self._write_questions()
        samples.write(table, path)

    def _told_of(self, name: str, done: int, total: int) -> None:
        """Show that a problem is done, and do what a person asked meanwhile."""
        self.loop.progress.phase(f"evaluating the {name} model", done, total)
        if done < total:
            heed(self.loop)

    def _write_questions(self) -> None:
        """What was asked, for the report: one JSON line a problem."""
        lines = [
            jsonl.encode({"task": problem.task, "problem": problem.id, "question": problem.messages[-1].content})
            for problem in self.problems
        ]
        jsonl.replace(self.loop.directory.samples / "problems.jsonl", b"".join(lines))

    def _sampling(self) -> Sampling:
        """The same for both models, though the last stage may be another one by now."""
        settings, most = self.settings, longest(self.loop.recipe, self.loop.directory.path)
        return Sampling(settings.samples, settings.temperature, most, settings.top_p)
