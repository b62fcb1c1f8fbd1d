"""The in-process engine: one copy of the weights samples and is trained."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prorl.engine.context import check_context
from prorl.engine.local import shards
from prorl.engine.local.imitation import imitate
from prorl.engine.local.masters import MasterOptimizer
from prorl.engine.local.precision import settle
from prorl.engine.local.ranks import Alone, Ranks
from prorl.engine.local.reference import Reference, content_id
from prorl.engine.local.sampler import Sampler
from prorl.engine.local.scoring import score
from prorl.engine.local.trainer import Trainer
from prorl.engine.protocol import (
    Coefficients,
    Example,
    Given,
    GroupRequest,
    ImitationReport,
    NonFiniteGradient,
    SampledGroup,
    Sampling,
    Scored,
    TrainingGroup,
    UpdateReport,
)
from prorl.engine.text import TextEngine
from prorl.errors import IntegrityError
from prorl.policy.model import Policy
from prorl.recipe.objective import Objective, Optimizer
from prorl.recipe.schema import Compute


class LocalEngine(TextEngine):
    """Implements `prorl.engine.protocol.Engine` in this process."""

    staleness = 0
    """Updates that the weights of a sample may be behind."""

    def __init__(self, model: Path, compute: Compute, seed: int) -> None:
        """Load the model; it is policy and reference policy at once, and KL is 0."""
        self.model = model
        policy = Policy.load(model, settle(compute))
        policy.recompute(compute.recompute)
        self._hold(policy, policy.frozen_copy(), compute, seed, Alone())

    def _hold(self, policy: Policy, frozen: Policy, compute: Compute, seed: int, ranks: Ranks) -> None:
        self.policy, self.ranks = policy, ranks
        self.reference = Reference(frozen)
        self.optimizer = MasterOptimizer(policy.parameters)
        self.trainer = Trainer(policy, frozen, self.optimizer, compute.train_tokens, ranks)
        self.compute, self.seed = compute, seed
        self.weights_version = 0
        self._fresh_reference = True

    @property
    def reference_id(self) -> str:
        """Content hash of the reference policy."""
        return self.reference.id

    def sample(self, requests: Sequence[GroupRequest], sampling: Sampling) -> Generator[SampledGroup]:
        """Complete every request; groups come as they finish. Raises UserError beyond the model's positions."""
        compute = self.compute
        check_context(
            requests, sampling, self.policy.context, "the model's",
            "choose tasks with shorter prompts (training: rollout.max_prompt_tokens), fewer max_new_tokens, or another "
            "model",
        )  # fmt: skip
        sampler = Sampler(self.policy, self.seed, compute.concurrent_samples, int(compute.cache_gigabytes * 2**30))
        return sampler.sample(requests, sampling, self.weights_version)

    def score(self, given: Sequence[Given], temperature: float) -> Iterator[tuple[Scored, ...]]:
        """Score given completions over softmax(logits / temperature): one tuple for each prompt, in order."""
        return score(self.policy, given, temperature, self.compute.train_tokens)

    def update(
        self,
        groups: Sequence[TrainingGroup],
        objective: Objective,
        optimizer: Optimizer,
        sampling: Sampling,
        coefficients: Coefficients,
    ) -> UpdateReport:
        """Make the step's updates.

        Raises NonFiniteGradient, and IntegrityError on stale samples and on a KL that is not 0 after a reset.
        """
        versions = {group.sampled.weights_version for group in groups}
        stale = {version for version in versions if not 0 <= self.weights_version - version <= self.staleness}
        if stale:
            raise IntegrityError(f"groups sampled by weights {sorted(stale)} came to weights {self.weights_version}")
        with self._changing_weights():
            return self.trainer.update(groups, objective, optimizer, sampling, coefficients, self._fresh_reference)

    def imitate(self, examples: Sequence[Example], optimizer: Optimizer) -> ImitationReport:
        """Make the step's updates on the cross-entropy of the answers. Raises NonFiniteGradient."""
        with self._changing_weights():
            return imitate(self.policy, self.optimizer, examples, optimizer, self.compute.train_tokens, self.ranks)

    def reset_reference(self, clear_optimizer: bool) -> str:
        """Make the current policy the reference policy; returns its id."""
        self.reference.follow(self.policy)
        if clear_optimizer:
            self.optimizer.clear()
        self._fresh_reference = True
        return self.reference.id

    def roll_back(self, folder: Path, clear_optimizer: bool) -> str:
        """Go back to what `save` wrote into `folder`, and make that policy the reference; returns its id."""
        self._load_policy(folder)
        self.weights_version += 1
        return self.reset_reference(clear_optimizer)

    @property
    def checkpoint_bytes(self) -> int:
        """Policy, two moments and reference, each as large as the fp32 weights, and a little to describe them."""
        return 16 * sum(master.numel() for master in self.optimizer.masters.values()) + 2**20

    def save(self, folder: Path) -> None:
        """Write fp32 weights, optimizer moments and counters into `folder`."""
        self.optimizer.save(folder / "policy.safetensors", folder / "optimizer.safetensors")
        (folder / "engine.json").write_text(json.dumps(self._state(), indent=1), encoding="utf-8")

    def _state(self) -> dict[str, Any]:
        """Counters and ids."""
        return {
            "weights_version": self.weights_version,
            "updates_since_clear": self.optimizer.updates,
            "warmed": self.optimizer.warmed,
            "fresh_reference": self._fresh_reference,
            "reference_id": self.reference.id,
            "policy_id": content_id(self.optimizer.masters),
        }

    def save_reference(self, file: Path) -> None:
        """Write the reference policy."""
        self.reference.save(file)

    def load(self, folder: Path, reference: Path) -> None:
        """Restore; policy and reference are both held against the ids that were saved with them."""
        state = self._load_policy(folder)
        self.reference.load(reference, state["reference_id"])
        self.weights_version = state["weights_version"]
        self._fresh_reference = state["fresh_reference"]

    def _load_policy(self, folder: Path) -> dict[str, Any]:
        """Restore weights and moments; returns the rest of what was saved with them."""
        state: dict[str, Any] = json.loads((folder / "engine.json").read_text(encoding="utf-8"))
        self._load_weights(folder)
        self.optimizer.updates, self.optimizer.warmed = state["updates_since_clear"], state.get("warmed", 1.0)
        found = content_id(self.optimizer.masters)
        if found != state["policy_id"]:
            raise IntegrityError(f"{folder}: policy has id {found}, expected {state['policy_id']}")
        return state

    def _load_weights(self, folder: Path) -> None:
        """Restore weights and moments that this engine wrote, or another of any number of processes."""
        if shards.are_in(folder):
            self.optimizer.restore(*shards.read(folder, self.optimizer.masters), folder)
        else:
            self.optimizer.load(folder / "policy.safetensors", folder / "optimizer.safetensors")

    @contextmanager
    def _changing_weights(self) -> Iterator[None]:
        """Give the weights a new version and part them from the reference, also when only some updates were made."""
        made = self.optimizer.updates
        try:
            yield
        except NonFiniteGradient:
            if self.optimizer.updates == made:
                raise
            self._weights_changed()
            raise
        self._weights_changed()

    def _weights_changed(self) -> None:
        self._fresh_reference = False
        self.weights_version += 1

    def export(self, folder: Path) -> None:
        """Write the policy as a Hugging Face folder."""
        self.policy.export(folder)

    def notices(self) -> list[str]:
        """Nothing happens here that the caller isn't told at once."""
        return []

    def restart(self) -> None:
        """Load the base model again."""
        self.__init__(self.model, self.compute, self.seed)  # type: ignore[misc]

    def close(self) -> None:
        """There are no other processes."""
