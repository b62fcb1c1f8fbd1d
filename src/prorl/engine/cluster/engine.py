"""The cluster engine: trainers that hold the policy in shards, samplers with whole copies, and this process between."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import ray

from prorl.engine.cluster.placement import Placement
from prorl.engine.cluster.sampler import SamplerSettings
from prorl.engine.cluster.samplers import Asked, Samplers
from prorl.engine.cluster.trainer_actor import Answer
from prorl.engine.cluster.trainers import Trainers
from prorl.engine.context import check_context
from prorl.engine.protocol import (
    Coefficients,
    Example,
    Given,
    GroupRequest,
    ImitationReport,
    Sampling,
    Scored,
    TrainingGroup,
    UpdateReport,
)
from prorl.engine.text import TextEngine
from prorl.errors import UserError
from prorl.policy.model import Policy
from prorl.recipe.objective import Objective, Optimizer
from prorl.recipe.schema import Recipe


class ClusterEngine(TextEngine):
    """Implements `prorl.engine.protocol.Engine` on a Ray cluster."""

    def __init__(self, model: Path, recipe: Recipe) -> None:
        """Begin all processes and load the model into them. Raises UserError, and leaves nothing then."""
        cluster = recipe.cluster
        if cluster.backend == "vllm" and importlib.util.find_spec("vllm") is None:
            raise UserError("cluster.backend=vllm needs vLLM: pip install 'prorl[cluster]'; or set it to torch")
        self.policy = Policy.without_weights(model)
        self.settings = SamplerSettings.of(model, recipe, self.policy)
        self.transferred_to: list[Any] = []
        """The samplers that are in one NCCL group with the trainers."""
        self.published = -1
        with ExitStack() as begun:
            self.placement = Placement(cluster)
            begun.callback(self.placement.close)
            self.samplers = Samplers(
                cluster.samplers, self._begin_sampler, recipe.compute.concurrent_samples, cluster.deadline,
                cluster.restarts, self._store_weights,
            )  # fmt: skip
            begun.callback(self.samplers.close)
            self.trainers = Trainers(model, recipe, self.placement, self.samplers.pump)
            begun.callback(self.trainers.close)
            self.trainers.begin()
            self._join()
            begun.pop_all()

    def _join(self) -> None:
        self.parts: int = self._answered(self.trainers.join())

    def _begin_sampler(self, number: int) -> Any:
        cluster = self.settings.cluster
        if cluster.backend == "vllm":
            from prorl.engine.cluster.sampler_vllm import VllmSampler as Kind
        else:
            from prorl.engine.cluster.sampler_torch import TorchSampler as Kind  # type: ignore[assignment]
        return ray.remote(Kind).options(**self.placement.options(cluster.trainers + number)).remote(self.settings)

    def sample(self, requests: Sequence[GroupRequest], sampling: Sampling) -> Asked:
        """Begin to complete every request, with the weights as they are now."""
        check_context(
            requests, sampling, self.settings.context, "the samplers'",
            "raise rollout.max_prompt_tokens, which it is made for, or lower max_new_tokens",
        )  # fmt: skip
        if self.published != self.weights_version:
            self._publish()
        return self.samplers.ask(requests, sampling)

    def score(self, given: Sequence[Given], temperature: float) -> Iterator[tuple[Scored, ...]]:
        """Score given completions over softmax(logits / temperature): one tuple for each prompt, in order."""
        return iter(self._call("scored", list(given), temperature))

    def _publish(self) -> None:
        """Bring the weights to the samplers, or where samplers fetch them."""
        if self.settings.cluster.transfer == "nccl":
            with self.samplers.at_rest():
                actors = [seat.actor for seat in self.samplers.seats]
                self.trainers.transfer(actors, anew=actors != self.transferred_to)
                self.transferred_to = actors
                self.samplers.transferred(self.weights_version)
        else:
            self._store_weights()
        self.published = self.weights_version

    def _store_weights(self) -> None:
        self.samplers.publish(self.weights_version, [self.trainers.part(number) for number in range(self.parts)])

    def update(
        self,
        groups: Sequence[TrainingGroup],
        objective: Objective,
        optimizer: Optimizer,
        sampling: Sampling,
        coefficients: Coefficients,
    ) -> UpdateReport:
        """Make the step's updates. Raises NonFiniteGradient, IntegrityError, EngineLost."""
        arguments = (ray.put(list(groups)), objective, optimizer, sampling, coefficients)
        return self._call("update", *arguments)  # type: ignore[no-any-return]

    def imitate(self, examples: Sequence[Example], optimizer: Optimizer) -> ImitationReport:
        """Make the step's updates on the cross-entropy of the answers. Raises NonFiniteGradient, EngineLost."""
        return self._call("imitate", list(examples), optimizer)  # type: ignore[no-any-return]

    def reset_reference(self, clear_optimizer: bool) -> str:
        """Make the current policy the reference policy; returns its id."""
        return str(self._call("reset_reference", clear_optimizer))

    def roll_back(self, folder: Path, clear_optimizer: bool) -> str:
        """Go back to what `save` wrote into `folder`, and make that policy the reference; returns its id."""
        return str(self._call("roll_back", folder.absolute(), clear_optimizer))

    @property
    def checkpoint_bytes(self) -> int:
        """As of the local engine."""
        return 16 * sum(parameter.numel() for parameter in self.policy.parameters.values()) + 2**20

    def save(self, folder: Path) -> None:
        """Every trainer writes its shards into `folder`, which must be on a disk that all of them share."""
        self._call("save", folder.absolute())

    def save_reference(self, file: Path) -> None:
        """Write the reference policy as one file."""
        self._call("save_reference", file.absolute())

    def load(self, folder: Path, reference: Path) -> None:
        """Restore what this or the local engine wrote, with any number of trainers."""
        self._call("load", folder.absolute(), reference.absolute())
        self.published = -1

    def export(self, folder: Path) -> None:
        """Write the policy as a Hugging Face folder."""
        self._call("export", folder.absolute())

    def notices(self) -> list[str]:
        """Samplers that were lost since this was last called."""
        found, self.samplers.notices = self.samplers.notices, []
        return found

    def restart(self) -> None:
        """Begin new trainers, if any of them were lost; the samplers stay, and get the weights anew."""
        self.samplers.forget_weights()
        self.published = -1
        if self.trainers.lost:
            self.transferred_to = []
            self.trainers.begin()
            self._join()
        else:
            self._call("restart")

    def close(self) -> None:
        """End all processes that this engine began."""
        self.trainers.close()
        self.samplers.close()
        self.placement.close()

    def _call(self, method: str, *arguments: Any) -> Any:
        return self._answered(self.trainers.call(method, *arguments))

    def _answered(self, answer: Answer) -> Any:
        """What the trainers' call came to. Raises what they foresaw."""
        self.weights_version, self.reference_id = answer.weights_version, answer.reference_id
        if answer.foreseen is not None:
            raise answer.foreseen
        return answer.value
