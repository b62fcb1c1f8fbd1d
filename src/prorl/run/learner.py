"""One step: by reinforcement learning from sampled and judged groups, or by imitating given answers."""

from __future__ import annotations

import time
from typing import Any

from prorl.algo.admission import Gate
from prorl.algo.advantages import compares_groups
from prorl.engine.protocol import Engine, Example, NonFiniteGradient, Sampling, UpdateReport
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import Stage
from prorl.run.collect import Collector
from prorl.run.control import Control
from prorl.run.credit import Credited, credit
from prorl.run.directory import RunDirectory
from prorl.run.journal import Journal
from prorl.run.judged import Collected
from prorl.run.lessons import Lessons
from prorl.run.observe import Values, imitation_metrics, step_metrics, write_rollouts
from prorl.run.progress import Progress
from prorl.run.token_spans import TokenSpans
from prorl.tasks.contract import Problem
from prorl.tasks.stream import NothingLeft, ProblemStream
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool


class Learner:
    """Makes the steps of whatever stage it was configured for. `stateful` is all that its next step depends on."""

    def __init__(
        self, recipe: Recipe, directory: RunDirectory, engine: Engine, stream: ProblemStream, progress: Progress
    ) -> None:
        self.settings, self.directory, self.engine, self.progress = recipe, directory, engine, progress
        self.stream, self.gate, self.control = stream, Gate(), Control(recipe.objective)
        cluster = recipe.cluster if recipe.engine == "cluster" else None
        self.collector = Collector(engine, stream, self.gate, progress, cluster)
        self.lessons = Lessons(engine, stream, recipe.seed)
        self.journal = Journal(directory.journal)
        self.spans = TokenSpans(engine.decode)
        self.stateful: dict[str, Any] = {
            "stream": stream, "gate": self.gate, "control": self.control, "collector": self.collector,
            "lessons": self.lessons,
        }  # fmt: skip

    def configure(self, stage: Stage, settings: Recipe, suite: Suite, pool: WorkerPool[Problem]) -> None:
        """Begin a stage: its settings, its tasks, and retired problems once more."""
        self.stage, self.settings = stage, settings
        self.collector.forget()
        self.stream.switch(suite)
        self.gate.reinstate()
        self.gate.enabled = settings.rollout.dynamic_sampling
        self.gate.retire_after = settings.rollout.retire_after
        self.gate.max_oversampling = settings.rollout.max_sampling_factor
        self.collector.configure(suite, pool)
        self.lessons.configure(stage.imitate, suite)
        self.control.configure(settings.objective)

    def make(self, step: int) -> tuple[Values, Values]:
        """Make `step` (from 1); its metrics, the same for equal runs, and its timings."""
        began, exhausted = time.perf_counter(), self.stream.exhausted
        metrics, timings = self._imitate(step) if self.stage.imitate else self._reinforce(step)
        for task in sorted(self.stream.exhausted - exhausted):
            self._tell_exhausted(task, step)
        for notice in self.engine.notices():
            self.journal.append("warning", step, message=notice)
            self.progress.event(notice)
        return metrics | {"tasks_left": self.stream.left}, {"seconds": time.perf_counter() - began, **timings}

    def _reinforce(self, step: int) -> tuple[Values, Values]:
        began = time.perf_counter()
        collected = self.collector.collect(self.settings.rollout)
        sampled = time.perf_counter()
        self.collector.look_ahead(self.settings.rollout)
        credited = self._credit(collected, step)
        version = self.engine.weights_version
        lag = version - min((group.sampled.weights_version for group in collected.groups), default=version)
        report, finite = self._update(credited, step)
        shaped = credited.shaped_reward if credited else None
        compared = compares_groups(self.settings.objective.advantage)
        metrics = step_metrics(self.stage.name, collected, shaped, report, compared)
        overdue = max(0, lag - self.collector.staleness)
        metrics |= {
            "weights_lag": lag,
            "weights_overdue": overdue,
            "non_finite": float(not finite),
            "prompts_so_far": self.collector.drawn,
        }
        ended = time.perf_counter()
        return metrics, {
            "sample_seconds": sampled - began - collected.verify_seconds,
            "verify_seconds": collected.verify_seconds,
            "train_seconds": ended - sampled,
            "tokens_per_second": float(metrics["completion_tokens"]) / (ended - began),
        }

    def _imitate(self, step: int) -> tuple[Values, Values]:
        began = time.perf_counter()
        self.progress.phase("imitating")
        rollout, report = self.settings.rollout, None
        examples: list[Example] = []
        finite = True
        try:
            examples = self.lessons.take(rollout.prompts_per_step, rollout.max_prompt_tokens)
            report = self.engine.imitate(examples, self.settings.optimizer)
        except NothingLeft:
            self.progress.phase("no problem left to imitate")
        except NonFiniteGradient as error:
            finite = False
            self.journal.append("warning", step, message=str(error))
        metrics = imitation_metrics(self.stage.name, len(examples), report, finite)
        return metrics, {"train_seconds": time.perf_counter() - began}

    def _tell_exhausted(self, task: str, step: int) -> None:
        """Journal that a task is asked no more in this stage."""
        message = f"{task}: only retired problems are left, so it is asked no more in this stage"
        message += "; the other tasks take over its share" if self.stream.left else ""
        self.journal.append("exhausted", step, task=task, message=message)
        self.progress.event(message)

    def _credit(self, collected: Collected, step: int) -> Credited | None:
        """Advantages for what was kept, None if that is nothing; and the step's rollouts for whoever wants to look."""
        if collected.shortfall:
            self.journal.append("exhausted", step, message=collected.shortfall)
            self.progress.event(collected.shortfall)
        credited = credit(collected.kept, self.settings, steps_done=step - 1) if collected.kept else None
        rollouts = self.directory.rollouts / f"step_{step:06d}.jsonl"
        write_rollouts(rollouts, collected, credited.groups if credited else [], self.spans)
        return credited

    def _update(self, credited: Credited | None, step: int) -> tuple[UpdateReport | None, bool]:
        """Train, unless no group carries a signal; the report, and whether the gradients were finite."""
        if credited is None:
            return None, True
        self.progress.phase("training", 0, len(credited.groups))
        rollout, settings = self.settings.rollout, self.settings
        sampling = Sampling(rollout.samples_per_prompt, rollout.temperature, rollout.max_new_tokens)
        try:
            report = self.engine.update(
                credited.groups, settings.objective, settings.optimizer, sampling, self.control.coefficients
            )
        except NonFiniteGradient as error:
            self.journal.append("warning", step, message=str(error))
            return None, False
        self.control.observe(report)
        if report.checked_reset:
            self.journal.append("reset_checked", step, largest_log_ratio=report.first_log_ratio)
        return report, True
