"""A sampler that runs vLLM. Token ids go in; token ids and their log-probabilities come out."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prorl.engine.cluster.sampler import Order, SamplerSettings
from prorl.engine.protocol import Completion, SampledGroup, Sampling

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST_SEED = 2**62
"""Completion i of a group gets the group's seed plus i, which must stay within 63 bits."""


class VllmSampler:
    """Implements `prorl.engine.cluster.sampler.Sampler`."""

    def __init__(self, settings: SamplerSettings) -> None:
        cluster = settings.cluster
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        more: dict[str, Any] = {"gpu_memory_utilization": cluster.gpu_memory}
        if cluster.device == "cpu":
            os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(cluster.cpu_cache_gib)
            os.environ["VLLM_CPU_OMP_THREADS_BIND"] = "nobind"
            more = {"kv_cache_memory_bytes": cluster.cpu_cache_gib * 2**30}
            more["enable_chunked_prefill"] = False  # a seeded request that is cut fails on a CPU (seen in 0.32.0)
        if cluster.tensor_parallel > 1:  # within its own GPUs, where Ray would look for other bundles
            more["distributed_executor_backend"] = "mp"
        if cluster.transfer == "nccl":
            from vllm.config import WeightTransferConfig

            more["weight_transfer_config"] = WeightTransferConfig(backend="nccl")
        from vllm import EngineArgs
        from vllm.v1.engine.llm_engine import LLMEngine

        self.settings = settings
        self.engine = LLMEngine.from_engine_args(
            EngineArgs(
                model=str(settings.model),
                load_format="dummy",  # the trainers send the weights
                dtype="float32" if settings.precision == "fp32" else "bfloat16",
                max_model_len=settings.context,
                max_num_seqs=settings.concurrent,
                tensor_parallel_size=cluster.tensor_parallel,
                enforce_eager=cluster.eager,
                enable_prefix_caching=True,
                logprobs_mode="processed_logprobs",  # of softmax(logits / temperature)
                disable_log_stats=True,
                seed=settings.seed,
                **more,
            )
        )
        self.version = -1
        self.open: dict[str, tuple[Order, str]] = {}
        """By our name of a request: its order, and the engine's name of it."""

    def process(self) -> int:
        """Id of the process."""
        return os.getpid()

    def node(self) -> str:
        """Id of the Ray node that it runs on."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    def take(self, version: int, *parts: Mapping[str, Tensor]) -> int:
        """Take over weights and drop the keys and values of the old ones. Echoes the version."""
        assert not self.open
        weights = [(name, tensor) for part in parts for name, tensor in part.items()]
        self.engine.collective_rpc("reload_weights", kwargs={"weights_iterator": weights, "is_checkpoint_format": True})
        if self.settings.cluster.device == "cpu":
            self.engine.apply_model(_pack_head_again)
        return self.taken(version)

    def taken(self, version: int) -> int:
        """Forget what was computed with other weights, and give all that is sampled from now on this version."""
        if not self.engine.reset_prefix_cache():
            raise RuntimeError("vLLM did not drop its prefix cache, so new weights would see keys of old ones")
        self.version = version
        return version

    def call_workers(self, method: str, *arguments: Any) -> list[Any]:
        """Call a method of vLLM's workers."""
        return self.engine.collective_rpc(method, args=arguments)  # type: ignore[no-any-return]

    def work(self, orders: Sequence[Order], stopped: Sequence[int], seconds: float) -> list[tuple[int, SampledGroup]]:
        """Go on sampling."""
        for number in stopped:
            if str(number) in self.open:
                self.engine.abort_request([self.open.pop(str(number))[1]], internal=True)
        for order in orders:
            prompt = {"prompt_token_ids": list(order.request.prompt)}
            name = self.engine.add_request(str(order.number), prompt, self._parameters(order))
            self.open[str(order.number)] = order, name
        until = time.monotonic() + seconds
        done: list[tuple[int, SampledGroup]] = []
        while self.open and time.monotonic() < until:
            for output in self.engine.step():
                if output.finished and output.request_id in self.open:
                    order, _ = self.open.pop(output.request_id)
                    completions = tuple(self._completion(part) for part in output.outputs)
                    done.append((order.number, SampledGroup(order.request, completions, self.version)))
        return done

    def _parameters(self, order: Order) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        from prorl.engine.local.randomness import stream_key

        sampling: Sampling = order.sampling
        return SamplingParams(
            n=sampling.samples,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k or 0,
            stop=list(sampling.stop),
            include_stop_str_in_output=True,
            max_tokens=sampling.max_new_tokens,
            stop_token_ids=sorted(self.settings.ends),
            seed=stream_key(self.settings.seed, order.request.key) % _LARGEST_SEED + order.request.first_sample,
            logprobs=0,  # those of the sampled tokens
            detokenize=bool(sampling.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def _completion(self, output: Any) -> Completion:
        tokens = tuple(int(token) for token in output.token_ids)
        logprobs = tuple(float(at[token].logprob) for at, token in zip(output.logprobs, tokens, strict=True))
        finished = output.finish_reason == "stop"
        at_end = tokens[-1:] != () and tokens[-1] in self.settings.ends
        if finished != (at_end or isinstance(output.stop_reason, str)):
            raise RuntimeError(f"vLLM ended a completion by {output.finish_reason!r} at token {tokens[-1:]}")
        return Completion(tokens, logprobs, finished)


def _pack_head_again(model: Any) -> None:
    """On a CPU vLLM computes with a packed copy of each weight. When it reloads, the copy of an output head that is
    tied to the embedding stays that of the old weights (seen in 0.32.0)."""
    head = getattr(model, "lm_head", None)
    if head is not None:
        head.quant_method.process_weights_after_loading(head)
