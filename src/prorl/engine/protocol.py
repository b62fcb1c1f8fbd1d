"""What an engine computes: completions, updates, resets. The loop knows nothing else of where that happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prorl.policy.turn import Turn
from prorl.recipe.objective import Objective, Optimizer


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample: completions a prompt, temperature of the distribution, and the most tokens of a completion."""

    samples: int
    temperature: float
    max_new_tokens: int
    top_p: float = 1.0
    """Below 1: only the likeliest tokens that have this probability together. For evaluation only."""
    top_k: int | None = None
    """Only so many of the likeliest tokens. For evaluation only."""
    stop: tuple[str, ...] = ()
    """Texts that end a completion, besides the end-of-turn token; they stay in it."""

    @property
    def filters(self) -> bool:
        """Whether the distribution that is sampled from isn't the policy's own."""
        return self.top_p < 1.0 or self.top_k is not None


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A prompt to complete. `key` names the group: it, the seed and a completion's number decide its random numbers."""

    key: int
    prompt: tuple[int, ...]
    first_sample: int = 0
    """Number of the first completion, so that more of a group can be sampled later, none of them twice."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One sampled answer. `tokens` ends with the end-of-turn token, or with what completed a stop text, if `finished`.

    `logprobs`: of each token, in nats, over softmax(logits / temperature) of the weights that sampled it (and of what
    top-p and top-k left of it).
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class SampledGroup:
    """All completions of one request and the version of the weights that made them."""

    request: GroupRequest
    completions: tuple[Completion, ...]
    weights_version: int


@dataclass(frozen=True, slots=True)
class TrainingGroup:
    """A sampled group and the advantage of each completion, in the same order."""

    sampled: SampledGroup
    advantages: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and the answer to be imitated, which ends with the end-of-turn token."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Completions of a prompt that are to be scored, whoever wrote them."""

    prompt: tuple[int, ...]
    completions: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """What the policy makes of one given completion, token by token, in nats.

    `logprobs`: of its tokens; `entropies`: of the distributions that they are seen as drawn from.
    """

    logprobs: tuple[float, ...]
    entropies: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Weights of the loss's terms besides the surrogate, as controllers have them at this step."""

    kl: float
    entropy: float = 0.0
    """Of the entropy bonus; below 0 it is a penalty."""


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What the updates of one step did; means are over the tokens that were kept, and NaN if none was.

    `kl` is the recipe's estimator against the reference policy; `mismatch_kl` the k3 estimate of
    KL(sampler || trainer), over all tokens for which there is one; `ratio_max` the largest probability ratio of a kept
    token to the weights that began the step, both by the trainer.
    """

    loss: float
    kl: float
    entropy: float
    grad_norm: float
    ratio_max: float
    clipped_low: float
    clipped_high: float
    mismatch_kl: float
    learning_rate: float
    tokens: int
    """Of all completions that were trained on, the dropped ones included."""
    dropped_tokens: int
    """Tokens left out because the sampler gave no finite log-probability."""
    out_of_bounds: float
    """Share of the tokens whose ratio of trainer to sampler is out of the correction's bounds: clamped or dropped."""
    dropped: float
    """Share of the tokens that were left out, for want of a log-probability or by the correction's bounds."""
    dropped_samples: int
    """Completions of which no token was kept."""
    first_log_ratio: float
    """Largest |log-ratio| of a token to the reference policy in the first update, before any weight moved."""
    checked_reset: bool
    """Whether `first_log_ratio` had to be exactly 0, because the reference policy had just been reset, and was."""


@dataclass(frozen=True, slots=True)
class ImitationReport:
    """What the updates of one imitating step did. `loss`: cross-entropy in nats, the mean over the answers' tokens."""

    loss: float
    grad_norm: float
    learning_rate: float
    tokens: int


class Samples(Protocol):
    """Groups as they finish. Closing it stops those that are still being sampled."""

    def __iter__(self) -> Iterator[SampledGroup]:
        """The groups that are still to come."""

    def __next__(self) -> SampledGroup:
        """The next group that finishes."""

    def close(self) -> None:
        """Stop what is still being sampled."""


class NonFiniteGradient(Exception):
    """A gradient was not finite. No update was made from it; those before it in the same step stay."""


class EngineLost(Exception):
    """Processes that held the policy are gone. `restart` brings new ones; the run goes on from its last checkpoint."""


class Engine(Protocol):
    """Who computes. Every call returns when its effect is complete; any may raise EngineLost."""

    weights_version: int
    """Counts the updates of the policy; every sampled group carries the one that made it."""

    @property
    def reference_id(self) -> str:
        """Content hash of the reference policy."""

    def encode(self, messages: Sequence[Turn]) -> list[int]:
        """Token ids of a conversation, up to where the model answers."""

    def encode_answer(self, text: str) -> list[int]:
        """Token ids of an answer to be imitated, with the end-of-turn token."""

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of a completion."""

    def sample(self, requests: Sequence[GroupRequest], sampling: Sampling) -> Samples:
        """Complete every request; groups come as they finish, each exactly once.

        Sampling may go on while the groups are not asked for, also during updates; a group is never made by weights
        older than those of this call.
        """

    def score(self, given: Sequence[Given], temperature: float) -> Iterator[tuple[Scored, ...]]:
        """Score given completions over softmax(logits / temperature): one tuple for each prompt, in order."""

    def update(
        self,
        groups: Sequence[TrainingGroup],
        objective: Objective,
        optimizer: Optimizer,
        sampling: Sampling,
        coefficients: Coefficients,
    ) -> UpdateReport:
        """Make the step's optimizer updates.

        Raises NonFiniteGradient, and IntegrityError if KL is not exactly 0 right after a reset.
        """

    def imitate(self, examples: Sequence[Example], optimizer: Optimizer) -> ImitationReport:
        """Make the step's optimizer updates on the cross-entropy of the answers. Raises NonFiniteGradient."""

    def reset_reference(self, clear_optimizer: bool) -> str:
        """Make the current policy the reference policy; returns its id."""

    def roll_back(self, folder: Path, clear_optimizer: bool) -> str:
        """Go back to the policy (and, unless cleared, the moments) that `save` wrote, and make it the reference too.

        Returns the reference's id. The count of weight versions goes on, so that no two policies share one.
        """

    @property
    def checkpoint_bytes(self) -> int:
        """At most so many bytes are written by `save` and `save_reference` together."""

    def save(self, folder: Path) -> None:
        """Write policy and optimizer into an empty folder."""

    def save_reference(self, file: Path) -> None:
        """Write the reference policy."""

    def load(self, folder: Path, reference: Path) -> None:
        """Restore what `save` and `save_reference` wrote. Raises IntegrityError when it isn't what was written."""

    def export(self, folder: Path) -> None:
        """Write the policy as a Hugging Face folder."""

    def notices(self) -> list[str]:
        """What happened since this was last called that belongs in the journal, such as the loss of a sampler."""

    def restart(self) -> None:
        """After EngineLost: be as at the beginning, with the base model as policy and reference."""

    def close(self) -> None:
        """End all processes that this engine began."""
