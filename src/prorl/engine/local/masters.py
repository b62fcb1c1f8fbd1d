"""AdamW on fp32 master weights, whatever precision the model computes in."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from prorl.engine.local.tensors import read_tensors, write_tensors
from prorl.engine.protocol import NonFiniteGradient
from prorl.errors import IntegrityError
from prorl.kernels.sums import add_up
from prorl.recipe.schema import Optimizer


class MasterOptimizer:
    """Owns the fp32 weights and the optimizer's moments.

    In fp32 the masters are the model's own parameters. In bf16 they are copies: gradients are added up in fp32 over
    micro-batches, and every update is rounded once into the model.
    """

    def __init__(self, parameters: dict[str, nn.Parameter]) -> None:
        self.parameters = parameters
        self.masters = {name: p if p.dtype == torch.float32 else p.detach().float() for name, p in parameters.items()}
        self.updates = 0
        """Updates since the moments were last cleared."""
        self.clear()

    def clear(self) -> None:
        """Forget the moments and start the warm-up again."""
        self.updates = 0
        self._adam = torch.optim.AdamW(self.masters.values(), lr=0.0, fused=True)

    def collect(self) -> None:
        """Add the gradients of one backward pass to the masters' fp32 gradients."""
        for name, parameter in self.parameters.items():
            master = self.masters[name]
            if master is parameter or parameter.grad is None:
                continue
            if master.grad is None:
                master.grad = parameter.grad.float()
            else:
                add_up(master.grad, parameter.grad)
            parameter.grad = None

    def step(self, settings: Optimizer, learning_rate: float) -> float:
        """One AdamW update, gradients clipped to `max_grad_norm` first; returns their norm before clipping.

        Raises NonFiniteGradient before any weight is touched.
        """
        norm = torch.nn.utils.clip_grad_norm_(self.masters.values(), settings.max_grad_norm)
        if not torch.isfinite(norm):
            self._drop_gradients()
            raise NonFiniteGradient(f"gradient norm is {float(norm)}: no update was made from it")
        for group in self._adam.param_groups:
            group.update(
                lr=learning_rate, betas=settings.betas, eps=settings.epsilon, weight_decay=settings.weight_decay
            )
        self._adam.step()
        self._drop_gradients()
        self._publish()
        self.updates += 1
        return float(norm)

    def save(self, weights: Path, moments: Path) -> None:
        """Write masters and moments as two safetensors files."""
        write_tensors(self.masters, weights)
        saved: dict[str, Tensor] = {}
        for name, master in self.masters.items():
            for key, value in self._adam.state.get(master, {}).items():
                saved[f"{key}/{name}"] = value.detach().clone().reshape(value.shape)
        write_tensors(saved, moments)

    def load(self, weights: Path, moments: Path, updates: int) -> None:
        """Restore what `save` wrote. Raises IntegrityError when names or shapes differ."""
        saved = read_tensors(weights)
        if saved.keys() != self.masters.keys():
            odd = sorted(saved.keys() ^ self.masters.keys())[0]
            raise IntegrityError(f"{weights}: weight {odd!r} is on one side only; it belongs to another model")
        self.clear()
        with torch.no_grad():
            for name, master in self.masters.items():
                if saved[name].shape != master.shape:
                    shapes = f"{tuple(saved[name].shape)}, expected {tuple(master.shape)}"
                    raise IntegrityError(f"{weights}: weight {name!r} has shape {shapes}")
                master.copy_(saved[name])
        self._publish()
        for key, value in read_tensors(moments).items():
            kind, _, name = key.partition("/")
            self._adam.state[self.masters[name]][kind] = value
        self.updates = updates

    @torch.no_grad()
    def _publish(self) -> None:
        for name, parameter in self.parameters.items():
            if self.masters[name] is not parameter:
                parameter.copy_(self.masters[name])

    def _drop_gradients(self) -> None:
        for master in self.masters.values():
            master.grad = None
