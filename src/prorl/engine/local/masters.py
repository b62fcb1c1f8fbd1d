"""AdamW on fp32 master weights, whatever precision the model computes in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from prorl.engine.local.schedule import warm_up
from prorl.engine.local.tensors import placed, read_tensors, whole, write_tensors
from prorl.engine.protocol import NonFiniteGradient
from prorl.errors import IntegrityError
from prorl.kernels.sums import add_up, sum_into
from prorl.recipe.objective import Optimizer


class MasterOptimizer:
    """Owns the fp32 weights and the optimizer's moments.

    In fp32, and where the weights are held in shards, the masters are the model's own parameters. Otherwise they are
    copies: gradients are added up in fp32 over micro-batches, and every update is rounded once into the model.
    """

    def __init__(self, parameters: dict[str, nn.Parameter]) -> None:
        self.parameters = parameters
        self.masters = {name: p if p.dtype == torch.float32 else p.detach().float() for name, p in parameters.items()}
        for name, parameter in parameters.items():
            if self.masters[name] is not parameter:
                sum_into(parameter, self.masters[name])
        self.updates = 0
        """Updates since the moments were last cleared."""
        self.warmed = 0.0
        """Share of the warm-up that has been done since then."""
        self.clear()

    def clear(self) -> None:
        """Forget the moments and start the warm-up again."""
        self.updates, self.warmed = 0, 0.0
        self._adam = torch.optim.AdamW(self.masters.values(), lr=0.0, fused=True)

    def collect(self) -> None:
        """Add the gradients of one backward pass, as far as layers didn't by themselves, to the masters' gradients."""
        for name, parameter in self.parameters.items():
            master = self.masters[name]
            if master is parameter or parameter.grad is None:
                continue
            if master.grad is None:
                master.grad = parameter.grad.float()
            else:
                add_up(master.grad, parameter.grad)
            parameter.grad = None

    def step(self, settings: Optimizer, updates: int) -> tuple[float, float]:
        """One AdamW update of the `updates` of a step, gradients clipped to `max_grad_norm` first.

        Returns their norm before clipping and the learning rate: constant after a linear warm-up. Raises
        NonFiniteGradient before any weight is touched.
        """
        gradients = [master.grad for master in self.masters.values() if master.grad is not None]
        norm = whole(torch.nn.utils.get_total_norm(gradients))
        torch.nn.utils.clip_grads_with_norm_(self.masters.values(), settings.max_grad_norm, norm)
        if not torch.isfinite(norm):
            self._drop_gradients()
            raise NonFiniteGradient(f"gradient norm is {float(norm)}: no update was made from it")
        self.warmed = warm_up(settings, self.warmed, updates)
        rate = settings.learning_rate * self.warmed
        for group in self._adam.param_groups:
            group.update(lr=rate, betas=settings.betas, eps=settings.epsilon, weight_decay=settings.weight_decay)
        self._adam.step()
        self._drop_gradients()
        self._publish()
        self.updates += 1
        return float(norm), rate

    def save(self, weights: Path, moments: Path) -> None:
        """Write masters and moments as two safetensors files."""
        write_tensors(self.masters, weights)
        write_tensors({name: moment.clone() for name, moment in self.moments.items()}, moments)

    @property
    def moments(self) -> dict[str, Tensor]:
        """What the optimizer remembers, by `kind/weight`."""
        return {
            f"{kind}/{name}": value.detach()
            for name, master in self.masters.items()
            for kind, value in self._adam.state.get(master, {}).items()
        }

    def load(self, weights: Path, moments: Path) -> None:
        """Restore what `save` wrote. Raises IntegrityError when names or shapes differ."""
        self.restore(read_tensors(weights), read_tensors(moments), weights)

    def restore(self, weights: Mapping[str, Tensor], moments: Mapping[str, Tensor], where: Path) -> None:
        """Take over masters and moments, whole or in shards. Raises IntegrityError when names or shapes differ."""
        if weights.keys() != self.masters.keys():
            odd = sorted(weights.keys() ^ self.masters.keys())[0]
            raise IntegrityError(f"{where}: weight {odd!r} is on one side only; it belongs to another model")
        self.clear()
        with torch.no_grad():
            for name, master in self.masters.items():
                if weights[name].shape != master.shape:
                    shapes = f"{tuple(weights[name].shape)}, expected {tuple(master.shape)}"
                    raise IntegrityError(f"{where}: weight {name!r} has shape {shapes}")
                master.copy_(placed(weights[name], master))
        self._publish()
        for key, value in moments.items():
            kind, _, name = key.partition("/")
            master = self.masters[name]
            self._adam.state[master][kind] = (
                placed(value, master) if value.shape == master.shape else value.to(master.device)
            )

    @torch.no_grad()
    def _publish(self) -> None:
        for name, parameter in self.parameters.items():
            if self.masters[name] is not parameter:
                parameter.copy_(self.masters[name])

    def _drop_gradients(self) -> None:
        for master in self.masters.values():
            master.grad = None
