"""A sampler that runs the in-process engine's own sampling."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping, Sequence

import torch
from torch import Tensor

from prorl.engine.cluster.sampler import Order, SamplerSettings
from prorl.engine.local.precision import DTYPES
from prorl.engine.local.sampler import Sampler
from prorl.engine.protocol import SampledGroup
from prorl.kernels.library import enable
from prorl.policy.model import Policy


class TorchSampler:
    """Implements `prorl.engine.cluster.sampler.Sampler`; a sample is the same as in the local engine."""

    def __init__(self, settings: SamplerSettings) -> None:
        torch.set_num_threads(settings.cluster.threads)
        if settings.cluster.device == "cuda":
            torch.set_default_device("cuda")
            enable(False)  # kernels are for CPUs
        self.settings = settings
        self.policy = Policy.load(settings.model, DTYPES[settings.precision])
        self.policy.model.to(settings.cluster.device).requires_grad_(False)
        self.sampler = Sampler(self.policy, settings.seed, settings.concurrent, settings.cache_bytes)
        self.version = -1
        self.waiting: dict[int, Order] = {}
        self.under_way: dict[int, Order] = {}
        self.groups: Generator[SampledGroup] | None = None

    def process(self) -> int:
        """Id of the process."""
        return os.getpid()

    def node(self) -> str:
        """Id of the Ray node that it runs on."""
        import ray

        return str(ray.get_runtime_context().get_node_id())

    @torch.no_grad()
    def take(self, version: int, *parts: Mapping[str, Tensor]) -> int:
        """Take over weights. Echoes the version."""
        assert not self.waiting
        assert not self.under_way
        self._end()
        parameters = self.policy.parameters
        taken = {name: tensor for part in parts for name, tensor in part.items()}
        assert taken.keys() == parameters.keys()
        for name, tensor in taken.items():
            parameters[name].copy_(tensor)
        self.version = version
        return version

    def work(self, orders: Sequence[Order], stopped: Sequence[int], seconds: float) -> list[tuple[int, SampledGroup]]:
        """Go on sampling; orders that come later wait until those under way are done."""
        self.waiting |= {order.number: order for order in orders}
        for number in stopped:
            self.waiting.pop(number, None)
            self.under_way.pop(number, None)
        until = time.monotonic() + seconds
        done: list[tuple[int, SampledGroup]] = []
        while (self.under_way or self.waiting) and time.monotonic() < until:
            if self.groups is None or not self.under_way:
                self._begin()
            assert self.groups is not None
            group = next(self.groups, None)
            if group is None:
                self.groups = None
                continue
            found = [n for n, order in self.under_way.items() if order.request == group.request]
            if found:
                del self.under_way[found[0]]
                done.append((found[0], group))
        return done

    def _end(self) -> None:
        """Leave sampling in the state from before it, in which weights may change."""
        if self.groups is not None:
            self.groups.close()
            self.groups = None

    def _begin(self) -> None:
        """Begin as many of the waiting orders as are sampled alike."""
        self._end()
        first = next(iter(self.waiting.values())).sampling
        self.under_way = {n: order for n, order in self.waiting.items() if order.sampling == first}
        self.waiting = {n: order for n, order in self.waiting.items() if order.sampling != first}
        requests = [order.request for order in self.under_way.values()]
        self.groups = self.sampler.sample(requests, first, self.version)
