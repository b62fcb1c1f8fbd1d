"""What a run is. Every key has a type and a default that can be read here; an unknown key is an error."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveFloat, model_validator

from prorl.recipe.cluster import Cluster
from prorl.recipe.health import Health
from prorl.recipe.objective import Objective, Optimizer
from prorl.recipe.section import Count, Seconds, Section, Temperature
from prorl.recipe.shaping import WHOLE, Shaper
from prorl.recipe.stages import ResetRules, Stage, Target, Validation, check_stages
from prorl.recipe.tracking import Tracker


class TaskSpec(Section):
    """One task of the mixture."""

    task: str
    """Registered name (`reasoning_gym/chain_sum`), `package.module:Class`, or `suite/NAME` for many tasks at once
    (`prorl tasks list`)."""
    weight: float = Field(default=1.0, ge=0.0)
    """Share of prompts, relative to the other tasks; 0: only in the evaluation. A suite's tasks share it."""
    worked_examples: int = Field(default=0, ge=0)
    """Solved problems shown before the question."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the task; an unknown option is an error."""


class Mixture(Section):
    """How prompts are drawn from the tasks, besides their weights."""

    shares: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Share of prompts by domain (logic, math, code, stem, instructions), divided within it by the tasks' weights;
    a domain that isn't named is not asked. Empty: the weights alone."""
    profile: str | None = None
    """A file that `prorl tasks profile` wrote: prompts whose pass rate there is `lowest` or less, or `highest` or
    more, are not asked."""
    lowest: float = Field(default=0.0, ge=0.0, le=1.0)
    """Of a profile's pass rates; means nothing without one."""
    highest: float = Field(default=1.0, ge=0.0, le=1.0)
    """Of a profile's pass rates; means nothing without one."""


class Rollout(Section):
    """How completions are sampled and which groups are trained on."""

    prompts_per_step: int = Field(default=8, ge=1, le=65_536)
    """Groups that a step trains on."""
    samples_per_prompt: int = Field(default=16, ge=2, le=65_536)
    """Completions of one prompt: the size of a group."""
    temperature: Temperature = 1.0
    """Of the sampling distribution; log-probabilities are taken over that same distribution."""
    max_new_tokens: Count = 32
    """A completion that reaches it without an end-of-turn token is truncated."""
    max_prompt_tokens: Count = 1024
    """Longer prompts are left out and counted; a prompt is never cut."""
    dynamic_sampling: bool = True
    """Drop groups whose completions are all solved or all unsolved, and sample others in their place (DAPO)."""
    max_sampling_factor: float = Field(default=4.0, ge=1.0, le=10_000.0)
    """A step samples at most this many times `prompts_per_step`; then it trains on what it has, and says so."""
    retire_after: Count | None = None
    """Stop asking a prompt that was solved by all its completions in each of its last so many visits; null: never."""


class Verifier(Section):
    """Where answers are judged: worker processes that are killed past their deadline."""

    workers: int = Field(default=1, ge=1, le=4096)
    deadline: Seconds = 5.0
    """Seconds for one judgement."""
    max_text: Count = 100_000
    """Characters; a longer completion is not judged but counted as unparseable."""


class Compute(Section):
    """How the in-process engine uses this machine."""

    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of the model's arithmetic; master weights are fp32 always. `auto`: bf16 where this CPU is quicker in it."""
    threads: int = Field(default=0, ge=0, le=4096)
    """Threads of the tensor library; 0: one a core."""
    kernels: bool = True
    """Compiled kernels where there is a C++ compiler (`prorl doctor`); false: PyTorch alone, which is slower."""
    train_tokens: Count = 4096
    """Token budget of one forward-backward pass; how groups fill it is told in `prorl.recipe.filling`."""
    recompute: bool = False
    """Keep only the inputs of layers for the backward pass and compute the rest again (activation checkpointing)."""
    concurrent_samples: Count = 256
    """Completions decoded together; where some have ended, waiting prompts join."""
    cache_gigabytes: float = Field(default=4.0, gt=0.0, le=1_000_000.0)
    """Most memory for keys and values in sampling (in 2³⁰ bytes); fewer prompts are under way where it is short."""


class Evaluation(Section):
    """The held-out comparison of the base model with the trained one, on problems that nothing else may see."""

    problems_per_task: Count = 12
    samples: Count = 16
    temperature: Temperature = 1.0
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Keep the likeliest tokens of this probability."""
    max_new_tokens: Count | None = None
    """None: as in the last stage's rollouts."""


class Checkpoint(Section):
    """What is kept so that a run can be taken up again."""

    every: Count = 20
    """Steps between checkpoints; there is one at the end of every stage, at every reset and at a new best besides."""
    keep: Count = 2
    """Checkpoints kept, newest first; older ones are removed after a newer one is safely on disk."""
    keep_every: Count | None = None
    """Checkpoints of every so many steps are kept for ever too; null: none."""
    keep_resets: bool = True
    """Whether the checkpoint of every reset is kept for ever. The best one is kept until there is a better one."""


STAGED = ("tasks", "mixture", "rollout", "shaping", "objective", "optimizer", "resets", "health")
"""The sections that a stage may change."""


class Recipe(Section):
    """A whole run: model, tasks, objective, stages, evaluation."""

    name: str
    description: str = ""
    model: str
    """Catalogue name (`prorl models list`), local Hugging Face folder, or Hugging Face model id."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    tasks: tuple[TaskSpec, ...] = Field(min_length=1)
    mixture: Mixture = Mixture()
    rollout: Rollout = Rollout()
    shaping: tuple[Shaper, ...] = ()
    """Applied in order to the rewards that advantages see; admission and reports use the raw ones."""
    objective: Objective = Objective()
    optimizer: Optimizer = Optimizer()
    stages: tuple[Stage, ...] = Field(min_length=1)
    resets: ResetRules = ResetRules()
    health: Health | None = Health()
    """null: no guards."""
    validation: Validation | None = None
    """null: none; the best checkpoint is then told by the training reward."""
    verifier: Verifier = Verifier()
    compute: Compute = Compute()
    engine: Literal["local", "cluster"] = "local"
    """Who computes: this process, or trainers and samplers on a Ray cluster."""
    cluster: Cluster = Cluster()
    """Says nothing to the local engine."""
    evaluation: Evaluation | None = Evaluation()
    """null: no comparison at the end."""
    checkpoint: Checkpoint = Checkpoint()
    trackers: tuple[Tracker, ...] = ()
    """Where numbers go besides the run's own files."""

    @model_validator(mode="after")
    def _stages_fit(self) -> Recipe:
        check_stages(self.stages)
        ends = [(f"stage {stage.name!r}", stage.until) for stage in self.stages if stage.until]
        needing = [where for where, until in ends if until.plateau or _of_validation(until.target)]
        needing += ["resets.plateau"] if self.resets.plateau else []
        needing += [f"the reset on entry of stage {s.name!r}" for s in self.stages if s.reset and s.reset.to == "best"]
        needing += ["resets.to=best"] if self.resets.to == "best" else []
        if needing and self.validation is None:
            raise ValueError(f"{needing[0]} needs a validation section")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Recipe:
        for what, names in (("task", [t.task for t in self.tasks]), ("stage", [s.name for s in self.stages])):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} {twice[0]!r} stands there twice")
        return self

    @model_validator(mode="after")
    def _bounds_are_of_a_profile(self) -> Recipe:
        bounds, names = self.mixture, ("lowest", "highest")
        odd = [name for name in names if getattr(bounds, name) != Mixture.model_fields[name].default]
        if odd and bounds.profile is None and not any(map(_names_a_profile, self.stages)):
            raise ValueError(
                f"mixture.{odd[0]} is a bound on the pass rates of a profile, and there is none; name one by "
                "mixture.profile, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _stale_samples_are_corrected(self) -> Recipe:
        if self.engine == "cluster" and self.cluster.staleness and self.objective.correction.kind == "none":
            raise ValueError("cluster.staleness above 0 needs objective.correction.kind: tis, icepop or sequence_mask")
        return self

    @model_validator(mode="after")
    def _pass_at_k_can_tell(self) -> Recipe:
        if self.objective.advantage != "pass_at_k":
            return self
        k, n = self.objective.pass_at, self.rollout.samples_per_prompt
        if k >= n:
            raise ValueError(
                f"objective.pass_at is {k} of rollout.samples_per_prompt {n}: then all samples of a prompt count alike "
                "and nothing is learnt; make it smaller"
            )
        odd = [shaper.kind for shaper in self.shaping if shaper.kind not in WHOLE]
        if odd:
            raise ValueError(
                f"pass_at_k advantages ask only whether an answer is right, and shaping {odd[0]} takes a little off; "
                f"leave it out, or take another advantage ({' and '.join(WHOLE)} are fine: they make an answer wrong)"
            )
        return self

    @property
    def total_steps(self) -> int:
        """Steps of all stages, if none ends sooner."""
        return sum(stage.steps for stage in self.stages)

    @property
    def updates(self) -> int:
        """Optimizer updates of a full step: a group, or an example that is imitated, is never divided over several."""
        return min(self.optimizer.updates_per_step, self.rollout.prompts_per_step)


def _of_validation(target: Target | None) -> bool:
    return target is not None and target.metric.startswith("validation/")


def _names_a_profile(stage: Stage) -> bool:
    section = stage.set.get("mixture")
    return "mixture.profile" in stage.set or (isinstance(section, dict) and "profile" in section)
