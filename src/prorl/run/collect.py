"""Collecting the groups of a step: sample, judge while sampling goes on, admit, and sample more where needed."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from prorl.algo.admission import Gate
from prorl.engine.protocol import Engine, GroupRequest, SampledGroup, Samples, Sampling
from prorl.errors import UserError
from prorl.recipe.cluster import Cluster
from prorl.recipe.schema import Rollout
from prorl.run.judged import Collected, Judged, JudgedGroup
from prorl.run.progress import Progress
from prorl.tasks.contract import Problem, Verdict
from prorl.tasks.stream import NothingLeft, ProblemStream
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

MOST_LONG_PROMPTS = 1000
"""Prompts in a row that may be over `max_prompt_tokens` before the task suite counts as having none that fit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Groups that an engine was asked for. `before` is where the collector stood then, to go back to if they go unused.

    `too_long` counts the prompts that were left out on the way.
    """

    problems: dict[int, Problem]
    samples: Samples
    too_long: int
    before: dict[str, Any]


class Collector:
    """Turns a stream of problems into judged, admitted groups."""

    def __init__(
        self, engine: Engine, stream: ProblemStream, gate: Gate, progress: Progress, cluster: Cluster | None = None
    ) -> None:
        """`cluster` says how far to look ahead and how much too much to ask for; without it, not at all."""
        self.engine, self.stream, self.gate, self.progress = engine, stream, gate, progress
        self.staleness = cluster.staleness if cluster else 0
        self.oversampling = cluster.oversampling if cluster else 1.0
        self.ahead: deque[Asked] = deque()
        """What was asked for steps to come, the next one first."""
        self.drawn = 0
        """Prompts taken from the stream so far; names the groups, and so their random numbers."""

    def configure(self, suite: Suite, pool: WorkerPool[Problem]) -> None:
        """Ask and judge by a stage's tasks from now on; to be called before the first step."""
        self.suite, self.pool = suite, pool

    def collect(self, rollout: Rollout) -> Collected:
        """Groups of one step. Samples until enough are admitted, the step's budget is spent or no problem is left."""
        wanted, budget = rollout.prompts_per_step, self._budget(rollout)
        collected = Collected()
        admitted: list[JudgedGroup] = []
        while len(admitted) < wanted and len(collected.groups) < budget:
            missing, left = wanted - len(admitted), budget - len(collected.groups)
            asked = self.ahead.popleft() if self.ahead else self._ask(missing, left, rollout)
            if not asked.problems:
                break
            found = self._judge_all(asked, missing, collected)
            collected.groups += found
            admitted += [group for group in found if group.admitted]
        report = self.gate.end_step(wanted, len(admitted))
        collected.kept, collected.shortfall = admitted[:wanted], report.message
        return collected

    def look_ahead(self, rollout: Rollout) -> None:
        """Ask for the groups of steps to come, so that they are sampled while the policy is trained."""
        while len(self.ahead) < self.staleness:
            self.ahead.append(self._ask(rollout.prompts_per_step, self._budget(rollout), rollout))

    def forget(self) -> None:
        """Stop what was asked ahead, and stand as if it had not been."""
        for asked in self.ahead:
            asked.samples.close()
        if self.ahead:
            self.load_state_dict(self.ahead[0].before)
        self.ahead.clear()

    def state_dict(self) -> dict[str, Any]:
        """The count of prompts; the stream and the gate keep their own.

        What was asked ahead is asked again by whoever goes on from here, so then it is the state from before that.
        """
        return self.ahead[0].before if self.ahead else {"drawn": self.drawn}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken; to be called after the stream has its own state back."""
        self.drawn = state["drawn"]
        if "stream" in state:
            self.stream.go_back(state["stream"])

    def _budget(self, rollout: Rollout) -> int:
        """The most groups that a step may sample."""
        factor = max(rollout.max_sampling_factor, self.oversampling) if rollout.dynamic_sampling else self.oversampling
        return math.ceil(rollout.prompts_per_step * factor)

    def _ask(self, missing: int, most: int, rollout: Rollout) -> Asked:
        """Ask the engine for so many groups that about `missing` are admitted, and for `most` at most."""
        sampling = Sampling(rollout.samples_per_prompt, rollout.temperature, rollout.max_new_tokens)
        before = {"drawn": self.drawn, "stream": self.stream.state_dict()}
        count = min(math.ceil(self.gate.prompts_to_request(missing) * self.oversampling), most)
        requests, too_long = self._requests(count, rollout)
        problems = {request.key: problem for problem, request in requests}
        return Asked(problems, self.engine.sample([request for _, request in requests], sampling), too_long, before)

    def _judge_all(self, asked: Asked, missing: int, collected: Collected) -> list[JudgedGroup]:
        """The groups in the order of their requests; when more are asked for than needed, those that are done first."""
        problems, count = asked.problems, len(asked.problems)
        pending: dict[int, tuple[SampledGroup, list[tuple[str, Future[Verdict]]]]] = {}
        groups: list[JudgedGroup] = []
        for sampled in asked.samples:
            texts = [self.engine.decode(completion.tokens) for completion in sampled.completions]
            key = sampled.request.key
            pending[key] = sampled, [(text, self.pool.submit(problems[key], text)) for text in texts]
            self.progress.phase("sampling", len(groups) + len(pending), count)
            if self.oversampling > 1:
                done = [key for key in pending if all(future.done() for _, future in pending[key][1])]
                groups += [self._judged(problems[key], *pending.pop(key)) for key in done]
                if sum(group.admitted for group in groups) >= missing:
                    asked.samples.close()
                    break
        collected.stopped += count - len(groups) - len(pending)
        collected.too_long += asked.too_long
        began = time.perf_counter()
        groups += [self._judged(problems[key], *pending[key]) for key in problems if key in pending]
        collected.verify_seconds += time.perf_counter() - began
        return groups

    def _requests(self, count: int, rollout: Rollout) -> tuple[list[tuple[Problem, GroupRequest]], int]:
        """So many problems with their prompts, fewer if no more are left, and how many prompts were too long."""
        requests: list[tuple[Problem, GroupRequest]] = []
        skipped = too_long = 0
        while len(requests) < count:
            try:
                problem = next(self.stream)
            except NothingLeft:
                break
            prompt = tuple(self.engine.encode(self.suite.prompt(problem)))
            self.drawn += 1
            if len(prompt) <= rollout.max_prompt_tokens:
                requests.append((problem, GroupRequest(self.drawn, prompt)))
                skipped = 0
                continue
            too_long += 1
            skipped += 1
            if skipped >= MOST_LONG_PROMPTS:
                raise UserError(
                    f"zero prompts after filtering: {skipped} in a row exceed rollout.max_prompt_tokens="
                    f"{rollout.max_prompt_tokens} (the last, of {problem.task}, has {len(prompt)}); raise it"
                )
        return requests, too_long

    def _judged(
        self, problem: Problem, sampled: SampledGroup, answers: Sequence[tuple[str, Future[Verdict]]]
    ) -> JudgedGroup:
        completions = tuple(
            Judged(completion, text, future.result())
            for completion, (text, future) in zip(sampled.completions, answers, strict=True)
        )
        scores = [judged.verdict.score if judged.valid else None for judged in completions]
        admission = self.gate.admit(problem.id, problem.task, scores)
        if self.gate.is_retired(problem.id):
            self.stream.retire([problem.id])
        return JudgedGroup(problem, sampled, completions, admission.admitted, admission.reason)
