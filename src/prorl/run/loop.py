"""The loop: the whole algorithm of a run, in the order in which it happens."""

from __future__ import annotations

import time
from typing import Any

from prorl.algo.admission import Gate
from prorl.engine.protocol import Engine, Sampling, UpdateReport
from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe
from prorl.regimen.decisions import Decision, EnterStage, ResetReference
from prorl.regimen.regimen import Regimen
from prorl.run.checkpoint import Checkpoints
from prorl.run.collect import Collected, Collector
from prorl.run.control import Control
from prorl.run.credit import Credited, credit
from prorl.run.directory import RunDirectory
from prorl.run.interrupt import Interrupt
from prorl.run.journal import Journal
from prorl.run.metrics import MetricsLog
from prorl.run.observe import step_metrics, write_rollouts
from prorl.run.pace import Pace
from prorl.run.progress import Progress
from prorl.tasks.contract import Problem
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool


class Loop:
    """One run, from the first step to the last. `stateful` is everything that a checkpoint holds besides the engine."""

    def __init__(
        self, recipe: Recipe, directory: RunDirectory, engine: Engine, suite: Suite, stream: ProblemStream,
        pool: WorkerPool[Problem], progress: Progress,
    ) -> None:  # fmt: skip
        self.recipe, self.settings, self.directory = recipe, recipe, directory
        self.engine, self.progress = engine, progress
        self.regimen = Regimen(recipe)
        self.gate, self.control = Gate(), Control(recipe.objective)
        self.collector = Collector(engine, suite, stream, pool, self.gate, progress)
        self.stateful: dict[str, Any] = {
            "regimen": self.regimen, "gate": self.gate, "stream": stream, "collector": self.collector,
            "control": self.control,
        }  # fmt: skip
        self.checkpoints = Checkpoints(directory, recipe.checkpoint.keep)
        self.journal = Journal(directory.journal)
        self.metrics, self.timings = MetricsLog(directory.metrics), MetricsLog(directory.timings)
        self.pace = Pace(self.regimen.total_steps)
        self.step = 0
        """Steps done."""
        self.interrupt = Interrupt()
        """Asks the loop to stop after the step that it is in."""

    def run(self) -> bool:
        """Make every step that is left; False if an interrupt was heeded first, after a checkpoint."""
        while self.step < self.regimen.total_steps:
            step = self.step + 1
            for decision in self.regimen.before(step):
                self.carry_out(decision, step)
            began = time.perf_counter()
            collected = self.collector.collect(self.settings.rollout)
            sampled = time.perf_counter()
            credited = self.credit(collected, step)
            report = self.update(credited)
            self.record(step, collected, credited, report, began, sampled)
            self.step = step
            stopping = self.interrupt.requested and step < self.regimen.total_steps
            if stopping or self.regimen.checkpoint_due(step):
                self.checkpoint()
            if stopping:
                return False
        return True

    def carry_out(self, decision: Decision, step: int) -> None:
        """Do what the regimen decided, and journal it."""
        match decision:
            case EnterStage(index):
                self.configure(index)
                stage = self.recipe.stages[index]
                self.journal.append("stage", step, name=stage.name, index=index, set=stage.set)
                self.progress.event(f"stage {stage.name!r} begins")
            case ResetReference(clear_optimizer, reason):
                identity = self.engine.reset_reference(clear_optimizer)
                self.checkpoints.keep_reference(self.engine)
                self.journal.append(
                    "reset", step, reason=reason, source="current", clear_optimizer=clear_optimizer,
                    reference_id=identity,
                )  # fmt: skip
                cleared = " and optimizer" if clear_optimizer else ""
                self.progress.event(f"reset of reference{cleared} ({reason}): reference is {identity}")

    def configure(self, stage: int) -> None:
        """Take over the settings of a stage."""
        self.settings = at_stage(self.recipe, stage)
        rollout = self.settings.rollout
        self.gate.enabled, self.gate.retire_after = rollout.dynamic_sampling, rollout.retire_after
        self.gate.max_oversampling = rollout.max_sampling_factor
        self.control.configure(self.settings.objective)

    def credit(self, collected: Collected, step: int) -> Credited | None:
        """Advantages for what was kept, None if that is nothing; and the step's rollouts for whoever wants to look."""
        if collected.shortfall:
            self.journal.append("exhausted", step, message=collected.shortfall)
            self.progress.event(collected.shortfall)
        credited = credit(collected.kept, self.settings, steps_done=self.step) if collected.kept else None
        rollouts = self.directory.rollouts / f"step_{step:06d}.jsonl"
        write_rollouts(rollouts, collected, credited.groups if credited else [])
        return credited

    def update(self, credited: Credited | None) -> UpdateReport | None:
        """Train; a step without a single informative group makes no update."""
        if credited is None:
            return None
        self.progress.phase("training", 0, len(credited.groups))
        rollout, settings = self.settings.rollout, self.settings
        sampling = Sampling(rollout.samples_per_prompt, rollout.temperature, rollout.max_new_tokens)
        report = self.engine.update(
            credited.groups, settings.objective, settings.optimizer, sampling, self.control.coefficients
        )
        self.control.observe(report)
        return report

    def record(
        self, step: int, collected: Collected, credited: Credited | None, report: UpdateReport | None, began: float,
        sampled: float,
    ) -> None:  # fmt: skip
        """Write the step's numbers and show them."""
        stage = self.recipe.stages[self.regimen.stage].name
        metrics = step_metrics(stage, collected, credited.shaped_reward if credited else None, report)
        ended = time.perf_counter()
        timings: dict[str, float | int | str] = {
            "seconds": ended - began,
            "sample_seconds": sampled - began - collected.verify_seconds,
            "verify_seconds": collected.verify_seconds,
            "train_seconds": ended - sampled,
            "tokens_per_second": float(metrics["completion_tokens"]) / (ended - began),
        }
        if report is not None and report.checked_reset:
            self.journal.append("reset_checked", step, largest_log_ratio=report.first_log_ratio)
        self.metrics.append(step, metrics)
        self.timings.append(step, timings)
        eta = self.pace.eta(step, ended - began)
        self.progress.step(metrics, timings, stage, step, self.regimen.total_steps, eta)

    def checkpoint(self) -> None:
        """Save everything as it is after the last step."""
        self.progress.phase("checkpoint")
        state = {name: part.state_dict() for name, part in self.stateful.items()}
        self.checkpoints.save(self.step, self.engine, state)
        self.journal_checkpoint()

    def journal_checkpoint(self) -> None:
        """Write down that there is a checkpoint of this step, unless that was done before the process died."""
        self.journal.ensure("checkpoint", self.step, reference_id=self.engine.reference_id)

    def take_up(self) -> None:
        """Go back to the newest checkpoint, or to the start if there is none, and forget what came after it."""
        found = self.checkpoints.load_latest(self.engine)
        if found is not None:
            self.step, state = found
            self.regimen.load_state_dict(state["regimen"])
            self.configure(self.regimen.stage)
            for name, part in self.stateful.items():
                part.load_state_dict(state[name])
            self.journal_checkpoint()
        self.metrics.truncate_after(self.step)
        self.timings.truncate_after(self.step)
        self.journal.append("resume", self.step, reference_id=self.engine.reference_id)
        self.progress.event(f"resumed after step {self.step}")
