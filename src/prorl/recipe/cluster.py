"""How a run is laid out over the processes of a cluster. None of it changes what is computed, but for `staleness` and
`oversampling`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from prorl.recipe.section import Count, Seconds, Section


class Cluster(Section):
    """Processes of `engine=cluster` and what each of them gets."""

    trainers: Count = 1
    """Processes that hold the policy in shards and train it (FSDP2), a GPU each."""
    samplers: Count = 1
    """Sampling engines, each with a whole copy of the policy."""
    tensor_parallel: Count = 1
    """GPUs of one sampler."""
    backend: Literal["vllm", "torch"] = "vllm"
    """What samplers run: vLLM, or the sampler of the in-process engine."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto`: cuda where the starting process sees a GPU. Name it if that process runs on a node without one."""
    transfer: Literal["object_store", "nccl"] = "object_store"
    """How new weights reach the samplers: through Ray, or through vLLM's NCCL weight transfer (CUDA only)."""
    staleness: int = Field(default=0, ge=0)
    """Steps of groups sampled ahead while the policy is trained, and so the most updates that a sample may be behind.
    Above 0 `objective.correction` is needed."""
    oversampling: float = Field(default=1.0, ge=1.0)
    """This many times the needed groups are asked for, and the rest is stopped once enough are admitted. Above 1 short
    completions are favoured, and equal runs are no longer equal."""
    threads: Count = 1
    """Threads of each process on a CPU."""
    eager: bool = False
    """vLLM without compilation and CUDA graphs: starts sooner, samples slower."""
    gpu_memory: float = Field(default=0.85, gt=0.0, le=1.0)
    """Share of a sampler's GPU memory that vLLM takes."""
    cpu_cache_gib: Count = 1
    """Memory for keys and values of a vLLM sampler on a CPU, in GiB."""
    deadline: Seconds = 1800.0
    """Seconds after which a process that says nothing counts as lost."""
    restarts: int = Field(default=5, ge=0)
    """Losses in a row, without progress between them, after which the run gives up."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Cluster:
        if self.transfer == "nccl" and (self.device == "cpu" or self.backend != "vllm"):
            raise ValueError("transfer=nccl is vLLM's, between GPUs; use object_store")
        return self
