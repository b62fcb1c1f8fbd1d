"""New weights from the trainers' GPUs to the samplers' by vLLM's own NCCL weight transfer.

Written to the interface of vLLM 0.32 (`vllm.distributed.weight_transfer`) and never run: it needs GPUs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import ray
from torch import Tensor
from vllm.distributed.weight_transfer.base import ParamMeta, WeightSource
from vllm.distributed.weight_transfer.nccl_engine import NCCLTrainerInitInfo, NCCLTrainerWeightTransferEngine

from prorl.engine.cluster.trainer import ShardedEngine
from prorl.engine.local.tensors import whole


class Workers:
    """The workers of all samplers, as vLLM's trainer side calls them. Each sampler has its own ranks in the group."""

    def __init__(self, samplers: Sequence[Any], tensor_parallel: int) -> None:
        self.samplers, self.tensor_parallel = samplers, tensor_parallel

    def init_weight_transfer_engine(self, init_info: dict[str, Any]) -> None:
        """Join the group; rank 0 is the trainer that sends."""
        offsets = [1 + number * self.tensor_parallel for number in range(len(self.samplers))]
        self._all("init_weight_transfer_engine", [{**init_info, "rank_offset": offset} for offset in offsets])

    def start_weight_update(self) -> None:
        """Begin to receive."""
        self._all("start_weight_update")

    def update_weights(self, update_info: Any) -> None:
        """Receive."""
        self._all("update_weights", [update_info] * len(self.samplers))

    def finish_weight_update(self, weight_version: str | None = None) -> None:
        """Take what was received into use. Versions are kept by the samplers themselves."""
        self._all("finish_weight_update")

    def _all(self, method: str, arguments: Sequence[Any] | None = None) -> None:
        given = [()] * len(self.samplers) if arguments is None else [(argument,) for argument in arguments]
        calls = [s.call_workers.remote(method, *some) for s, some in zip(self.samplers, given, strict=True)]
        ray.get(calls)


class Source(WeightSource):  # type: ignore[misc]
    """The policy's weights, gathered one after the other in the precision of the arithmetic."""

    def __init__(self, engine: ShardedEngine) -> None:
        self.engine = engine

    def metadata(self) -> list[Any]:
        """Names, types and shapes in the order of iteration."""
        parameters = self.engine.policy.parameters
        return [ParamMeta(name, self.engine.dtype, tuple(p.shape)) for name, p in parameters.items()]

    def __iter__(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self.engine.policy.parameters.items():
            yield name, whole(parameter.detach()).to(self.engine.dtype)


def open_transfer(engine: ShardedEngine, samplers: Sequence[Any], address: str) -> Any:
    """Join trainers and samplers in one group; every trainer calls it. `send_weights` of what it returns sends."""
    tensor_parallel = engine.recipe.cluster.tensor_parallel
    meeting = urlsplit(address)
    info = NCCLTrainerInitInfo(
        master_address=meeting.hostname,
        master_port=meeting.port,
        world_size=1 + len(samplers) * tensor_parallel,
        rank=engine.ranks.number,
    )
    return NCCLTrainerWeightTransferEngine.trainer_init(
        info, client=Workers(samplers, tensor_parallel), source=Source(engine)
    )
