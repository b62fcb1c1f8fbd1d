"""What a step sampled: completions with their verdicts, in groups, and which groups are trained on."""

from __future__ import annotations

from dataclasses import dataclass, field

from prorl.engine.protocol import Completion, SampledGroup
from prorl.tasks.contract import Problem, Verdict
from prorl.tasks.teaching import UNJUDGED


@dataclass(frozen=True, slots=True)
class Judged:
    """A completion, its text, and its verdict."""

    completion: Completion
    text: str
    verdict: Verdict

    @property
    def valid(self) -> bool:
        """Whether the verdict speaks of the answer; a verifier's timeout or error does not."""
        return self.verdict.outcome not in UNJUDGED


@dataclass(frozen=True, slots=True)
class JudgedGroup:
    """All completions of a problem. `reason` says why the gate admitted or refused it."""

    problem: Problem
    sampled: SampledGroup
    completions: tuple[Judged, ...]
    admitted: bool
    reason: str


@dataclass
class Collected:
    """What a step sampled, in the order of its requests. `seconds` waited for verdicts after sampling had ended."""

    groups: list[JudgedGroup] = field(default_factory=list)
    kept: list[JudgedGroup] = field(default_factory=list)
    """Admitted groups that are trained on: at most as many as were wanted."""
    verify_seconds: float = 0.0
    too_long: int = 0
    """Prompts left out because they exceed `max_prompt_tokens`."""
    stopped: int = 0
    """Groups that were asked for and stopped, because enough others were admitted before."""
    shortfall: str = ""
    """What to tell a person if fewer groups than wanted were found within the budget."""
