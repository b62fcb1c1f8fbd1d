"""The loop: the whole algorithm of a run, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prorl.engine.protocol import Engine
from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe
from prorl.regimen.asked import Asked
from prorl.regimen.decisions import Decision, EndStage, EnterStage, Pause, ProfilePrompts, ResetReference, Stop, Warn
from prorl.regimen.regimen import Regimen
from prorl.regimen.validation import Validated
from prorl.run.checkpoint import Checkpoints
from prorl.run.directory import RunDirectory
from prorl.run.halts import goes_on, halt_of, with_one_halt
from prorl.run.interrupt import Interrupt
from prorl.run.journal import Journal
from prorl.run.learner import Learner
from prorl.run.metrics import MetricsLog
from prorl.run.observe import Values
from prorl.run.pace import Between, Pace
from prorl.run.progress import Progress
from prorl.run.reprofile import Profiler
from prorl.run.requests import Requests
from prorl.run.suites import Suites
from prorl.run.tracking import Trackers
from prorl.run.validate import Validator
from prorl.tasks.stream import ProblemStream


class Loop:
    """One run, from the first step to the last. `stateful` is everything that a checkpoint holds besides the engine."""

    def __init__(
        self, recipe: Recipe, directory: RunDirectory, engine: Engine, suites: Suites, stream: ProblemStream,
        validator: Validator | None, progress: Progress,
    ) -> None:  # fmt: skip
        self.recipe, self.directory = recipe, directory
        self.engine, self.suites, self.validator, self.progress = engine, suites, validator, progress
        self.regimen = Regimen(recipe)
        self.learner = Learner(recipe, directory, engine, stream, progress)
        self.stateful: dict[str, Any] = {"regimen": self.regimen, **self.learner.stateful}
        self.checkpoints = Checkpoints(directory, recipe.checkpoint)
        self.journal, self.requests = Journal(directory.journal), Requests(directory.requests)
        self.metrics, self.timings = MetricsLog(directory.metrics), MetricsLog(directory.timings)
        self.pace, self.between = Pace(), Between()
        self.step = 0
        """Steps done."""
        self.forked = False
        """Whether the run began with another run's policy; its own first checkpoint then makes it stand alone."""
        self.stopped: Stop | None = None
        """What stopped the run before its end."""
        self.trackers = Trackers()
        """Whoever else wants the numbers."""
        self.interrupt = Interrupt()
        """Asks the loop to stop after the step that it is in."""

    def run(self) -> bool:
        """Make every step that is left; False if something stopped the run before its end, after a checkpoint."""
        if self.regimen.stage < 0:
            self.begin()
        elif self.regimen.has_more and not self.may_go_on(self.extend()):
            return False
        while not self.regimen.over:
            metrics, timings = self.learner.make(self.step + 1)
            self.step += 1
            self.record(metrics, timings)
            validated = self.validate() if self.regimen.validation_due(self.step) else None
            asked = self.asked()
            decided = self.regimen.after(self.step, metrics, validated, asked)
            decided = with_one_halt(decided + self.regimen.disk(self.step, self.checkpoints.room(self.engine)))
            self.settle(decided, asked)
            if not self.may_go_on(decided):
                return False
        self.learner.collector.forget()
        return not self.interrupt.requested or self.leave()

    def begin(self) -> None:
        """Everything before the first step."""
        self.configure(0)
        validated = self.validate() if self.regimen.validation_due(0) else None
        self.settle(self.regimen.begin(validated), [])

    def extend(self) -> Sequence[Decision]:
        """Take up a run that was over, since its recipe asks for more by now; what was decided for that.

        There is no new checkpoint of this step: all of it is decided again if the process dies before the next one.
        """
        decided = self.regimen.extend(self.step, self.validator.recall(self.step) if self.validator else None)
        self.journal.ensure("extended", self.step, stage=self.regimen.stage)
        self.progress.event(f"going on from the end, in stage {self.recipe.stages[self.regimen.stage].name!r}")
        for decision in decided:
            self.carry_out(decision)
        return decided

    def record(self, metrics: Values, timings: Values) -> None:
        """Write the step's numbers and show them."""
        timings = {**timings, **self.between.take()}
        self.metrics.append(self.step, metrics)
        self.timings.append(self.step, timings)
        self.trackers.log(self.step, {**metrics, **{f"time/{name}": value for name, value in timings.items()}})
        left, at_most = self.regimen.steps_left() - 1, self.regimen.may_end_early
        eta = self.pace.eta(left, float(timings["seconds"]))
        self.progress.step(metrics, timings, str(metrics["stage"]), self.step, self.step + left, eta, at_most)

    def validate(self) -> Validated:
        """Measure the policy as it is now."""
        assert self.validator is not None
        with self.between.spent("validate"):
            found = self.validator.measure(self.step, self.settings.rollout)
        rates = {"validation/pass_1": found.pass_1.estimate, f"validation/pass_{found.k}": found.pass_k.estimate}
        self.trackers.log(self.step, rates)
        return found

    def asked(self) -> list[Asked]:
        """What a person wants, by a request or by Ctrl-C."""
        stop = [Asked(f"interrupt-{self.step}", "stop")] if self.interrupt.requested else []
        return self.requests.pending() + stop

    def settle(self, decided: Sequence[Decision], asked: Sequence[Asked]) -> None:
        """Do what the regimen decided, save it if anything is to be saved, and only then forget what was asked."""
        for decision in decided:
            self.carry_out(decision)
        if self.regimen.checkpoint_due(self.step, decided) or (self.forked and self.step == 0):
            self.checkpoint(reset=any(isinstance(decision, ResetReference) for decision in decided))
        self.requests.remove(asked)

    def carry_out(self, decision: Decision) -> None:
        """Do one thing that the regimen decided, and journal it."""
        match decision:
            case EndStage(index, reason):
                name = self.recipe.stages[index].name
                self.journal.append("stage_end", self.step, name=name, index=index, reason=reason)
                self.progress.event(f"stage {name!r} ends: {reason}")
            case EnterStage(index):
                stage = self.recipe.stages[index]
                self.configure(index)
                self.learner.stream.retire(self.suites.stale(index))
                self.journal.ensure("stage", self.step, ["index"], name=stage.name, index=index, set=stage.set)
                self.progress.event(f"stage {stage.name!r} begins")
            case ResetReference():
                self.reset(decision)
            case ProfilePrompts(index):
                self.profile(index)
            case Warn(reason):
                self.journal.append("warning", self.step, message=reason)
                self.progress.event(f"warning: {reason}")
            case Pause(reason) | Stop(reason=reason):
                kind = "pause" if isinstance(decision, Pause) else "stop"
                self.journal.append(kind, self.step, reason=reason)

    def reset(self, decision: ResetReference) -> None:
        """Make a policy the reference, going back to it first if it is not the current one."""
        if decision.source == "current":
            identity = self.engine.reset_reference(decision.clear_optimizer)
        else:
            self.learner.collector.forget()
            identity = self.engine.roll_back(self.checkpoints.of_step(decision.step), decision.clear_optimizer)
        self.journal.ensure(
            "reset", self.step, ["reference_id", "reason"],
            reason=decision.reason, source=decision.source, policy_of_step=decision.step,
            clear_optimizer=decision.clear_optimizer, reference_id=identity,
        )  # fmt: skip
        self.trackers.log(self.step, {"reset": 1.0})
        cleared = " and optimizer" if decision.clear_optimizer else ""
        back = f", back to step {decision.step}" if decision.source == "best" else ""
        self.progress.event(f"reset of reference{cleared}{back} ({decision.reason}): reference is {identity}")

    def profile(self, stage: int) -> None:
        """Leave out those of the prompts that come next which are always or never solved."""
        settings = self.recipe.stages[stage].profile
        assert settings is not None
        found = Profiler(self.engine, self.learner.stream).profile(
            settings, self.settings.rollout, self.suites.at(stage), self.suites.pool_at(stage),
            self.directory.samples / f"profile_{self.step:06d}.parquet",
            lambda done, total: self.progress.phase("profiling", done, total),
        )  # fmt: skip
        counts = {"teach": len(found.keep), "never": len(found.never), "always": len(found.always)}
        self.journal.append("profile", self.step, **counts)
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.progress.event(f"of the prompts that come next: {told}")

    def configure(self, stage: int) -> None:
        """Take over the settings of a stage."""
        self.settings = at_stage(self.recipe, stage)
        self.learner.configure(
            self.recipe.stages[stage], self.settings, self.suites.at(stage), self.suites.pool_at(stage)
        )

    def may_go_on(self, decided: Sequence[Decision]) -> bool:
        """False once the run is to stop; waits first while it is to pause."""
        halt = halt_of(decided)
        if isinstance(halt, Stop):
            self.stopped = halt
        return halt is None or (isinstance(halt, Pause) and self.wait(halt.reason))

    def wait(self, reason: str) -> bool:
        """Until a person says to go on (True) or to stop (False)."""
        self.progress.event(f"paused: {reason}; to go on: prorl continue {self.directory.path}")
        if not goes_on(self.requests, self.interrupt):
            return self.leave()
        self.journal.append("continue", self.step)
        self.progress.event("going on")
        return True

    def leave(self) -> bool:
        """Stop where everything is saved, as a person wants it: the run does not go on."""
        self.stopped = Stop("asked for by a person", asked=True)
        self.carry_out(self.stopped)
        return False

    def checkpoint(self, reset: bool = False) -> None:
        """Save everything as it is after the last step and what was decided there."""
        self.progress.phase("checkpoint")
        with self.between.spent("checkpoint"):
            state = {name: part.state_dict() for name, part in self.stateful.items()}
            self.checkpoints.save(self.step, self.engine, state, reset=reset, best=self.regimen.best.step)
            self.journal_checkpoint()

    def journal_checkpoint(self) -> None:
        """Write down that there is a checkpoint of this step, unless that was done before the process died."""
        self.journal.ensure("checkpoint", self.step, reference_id=self.engine.reference_id)
