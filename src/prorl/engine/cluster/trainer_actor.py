"""What runs in a trainer's process. Nothing of torch is loaded before its threads and its device are settled."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.recipe.schema import Recipe

if TYPE_CHECKING:
    from prorl.engine.cluster.trainer import ShardedEngine


@dataclass(frozen=True)
class Answer:
    """What a call came to, and where the engine stands after it. `foreseen` is an error that the caller is to raise."""

    value: Any
    weights_version: int
    reference_id: str
    foreseen: Exception | None = None


class TrainerActor:
    """One of `count` trainers; `number` from 0."""

    engine: ShardedEngine

    def __init__(self, number: int, count: int, model: Path, recipe: Recipe) -> None:
        os.environ["OMP_NUM_THREADS"] = str(recipe.cluster.threads)
        self.number, self.count, self.model, self.recipe = number, count, model, recipe

    def process(self) -> int:
        """Id of the process."""
        return os.getpid()

    def node(self) -> str:
        """Id of the Ray node that it runs on."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    def address(self) -> str:
        """Where the trainers can meet: a free port of this node."""
        import ray

        with closing(socket.socket()) as free:
            free.bind(("", 0))
            return f"tcp://{ray.util.get_node_ip_address()}:{free.getsockname()[1]}"

    def join(self, address: str) -> Answer:
        """Meet the other trainers and load the model. A model that is refused is answered as by `call`."""
        import torch
        import torch.distributed as dist

        from prorl.engine.cluster.trainer import ShardedEngine
        from prorl.errors import IntegrityError, UserError
        from prorl.kernels.library import enable

        cluster = self.recipe.cluster
        if cluster.device == "cuda":
            torch.set_default_device("cuda")
            enable(False)  # kernels are for CPUs
        if not dist.is_initialized():
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if cluster.device == "cuda" else "gloo",
                init_method=address, rank=self.number, world_size=self.count,
                timeout=timedelta(seconds=cluster.deadline),
            )  # fmt: skip
        try:
            self.engine = ShardedEngine(self.model, self.recipe)
        except (IntegrityError, UserError, OSError) as error:
            return Answer(None, -1, "", error)
        return self._answer(len(self.engine.parts))

    def call(self, method: str, *arguments: Any) -> Answer:
        """Call a method of the engine, or read a property."""
        from prorl.engine.protocol import NonFiniteGradient
        from prorl.errors import IntegrityError, UserError

        try:
            found = getattr(self.engine, method)
            return self._answer(found(*arguments) if callable(found) else found)
        except (NonFiniteGradient, IntegrityError, UserError, OSError) as error:
            return self._answer(None, error)

    def part(self, number: int) -> tuple[int, Any]:
        """The number, and that part of the weights for the samplers; see `ShardedEngine.part`."""
        return number, self.engine.part(number)

    def open_transfer(self, samplers: list[Any], address: str) -> None:
        """Join one NCCL group with the samplers."""
        from prorl.engine.cluster.transfer import open_transfer

        self.transfer = open_transfer(self.engine, samplers, address)

    def send(self) -> None:
        """Send the weights to all samplers of that group."""
        self.transfer.send_weights()

    def _answer(self, value: Any, foreseen: Exception | None = None) -> Answer:
        return Answer(value, self.engine.weights_version, self.engine.reference_id, foreseen)
