"""A policy whose weights are held in shards (FSDP2): each layer is gathered when it computes, and let go after."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.utils.checkpoint import checkpoint

from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees


class _Scorer(nn.Module):
    """From trees to log-probabilities: the output head is gathered with everything else that is in no layer."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self.model = policy.model
        self._policy = policy

    def forward(self, trees: PackedTrees, temperature: float) -> tuple[Tensor, Tensor]:
        return Policy.logprobs(self._policy, trees, temperature)


class ShardedPolicy(Policy):
    """A policy in shards. Every process must compute as many rows as every other, for they exchange weights."""

    _scorer: _Scorer

    @staticmethod
    def of(policy: Policy, mesh: DeviceMesh, dtype: torch.dtype, recompute: bool = False) -> ShardedPolicy:
        """Cut the weights of `policy`, the same in every process, and compute in `dtype`.

        Gradients are summed over the processes, not averaged: the loss's denominators are those of the whole update.
        `recompute`: layers compute their activations again in the backward pass.
        """
        sharded = ShardedPolicy(policy.model, policy.tokenizer, policy.path, policy.ends)
        precision = MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32, cast_forward_inputs=False)
        sharded._scorer = _Scorer(policy)
        for layer in policy.model.get_decoder().layers:
            if recompute:
                layer.forward = partial(checkpoint, layer.forward, use_reentrant=False, preserve_rng_state=False)
            fully_shard(layer, mesh=mesh, mp_policy=precision, reshard_after_forward=True)
        fully_shard(sharded._scorer, mesh=mesh, mp_policy=precision, reshard_after_forward=True)
        for module in sharded._scorer.modules():
            if isinstance(module, FSDPModule):
                module.set_gradient_divide_factor(1.0)
                module.set_force_sum_reduction_for_comms(True)
        return sharded

    def logprobs(self, trees: PackedTrees, temperature: float) -> tuple[Tensor, Tensor]:
        """Log-probability of every branch token and the entropy where it was drawn: `[targets]` each, nats, fp32."""
        return self._scorer(trees, temperature)  # type: ignore[no-any-return]
