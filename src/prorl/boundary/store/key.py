"""What samples belong together: one model, asked in one way, with one seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from prorl.engine.protocol import Sampling


class Mode(StrEnum):
    """What the model is asked for."""

    ANSWER = "answer"
    """The task's own prompt."""
    GUESS = "guess"
    """The answer at once, with no room for reasoning: how often a guess is right."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is sampled. The number of samples is no part of it: there can always be more of them."""

    temperature: float
    max_new_tokens: int
    top_p: float = 1.0
    top_k: int | None = None
    mode: Mode = Mode.ANSWER

    @property
    def id(self) -> str:
        """A short name that equal settings share."""
        content = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    def sampling(self, samples: int) -> Sampling:
        """These settings for so many completions of each prompt."""
        return Sampling(samples, self.temperature, self.max_new_tokens, self.top_p, self.top_k)


@dataclass(frozen=True, slots=True)
class Key:
    """One family of samples. `model` is the hash of the model's weights; sample i of a problem follows from the key."""

    model: str
    asking: Asking
    seed: int

    @property
    def folder(self) -> Path:
        """Where its parts lie within a store."""
        return Path(self.model) / f"{self.asking.id}-{self.seed}"

    def stream(self, problem: str) -> int:
        """The number that decides a problem's random numbers: of its id and the seed alone, so models share them."""
        digest = hashlib.sha256(f"{self.seed}/{problem}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 1
