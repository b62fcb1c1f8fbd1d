"""What a pool of samplers does when weights or idle samplers are lost, with samplers that only say what they have."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest
import ray

from prorl.engine.cluster.sampler import Order
from prorl.engine.cluster.samplers import Samplers
from prorl.engine.protocol import Completion, EngineLost, GroupRequest, SampledGroup, Sampling

SAMPLING = Sampling(samples=2, temperature=1.0, max_new_tokens=4)
REQUESTS = [GroupRequest(number, (1, 2)) for number in range(4)]


@ray.remote(num_cpus=0)
class Ready:
    """Every completion is one token."""

    version = -1

    def process(self) -> int:
        return os.getpid()

    def take(self, version: int, *parts: Any) -> int:
        self.version = version
        return version

    def taken(self, version: int) -> int:
        return self.take(version)

    def work(self, orders: Sequence[Order], stopped: Sequence[int], seconds: float) -> list[tuple[int, SampledGroup]]:
        made = (Completion((1,), (0.0,), True),)
        return [
            (order.number, SampledGroup(order.request, made * order.sampling.samples, self.version)) for order in orders
        ]


@ray.remote(num_cpus=0)
class Owner:
    def put(self) -> list[Any]:
        return [ray.put({"w": bytes(2**20)})]


def lost_part() -> Any:
    """Weights that went with the process that had put them into the store."""
    owner = Owner.remote()
    [part] = ray.get(owner.put.remote())
    ray.kill(owner)
    while True:
        try:
            ray.get(part)
        except ray.exceptions.ObjectLostError:
            return part


def test_weights_that_are_lost_are_published_anew_and_no_sampler_is_blamed() -> None:
    renewed = []

    def renew() -> None:
        renewed.append(1)
        pool.publish(3, [ray.put({"w": bytes(2**20)})])

    pool = Samplers(1, lambda number: Ready.remote(), room=8, deadline=60.0, losses_allowed=0, renew=renew)
    pool.publish(3, [lost_part()])
    assert len(list(pool.ask(REQUESTS, SAMPLING))) == 4
    assert (len(renewed), pool.notices, pool.losses) == (1, [], 0)
    pool.close()


def test_where_the_trainers_are_gone_too_their_loss_is_what_is_said() -> None:
    def renew() -> None:
        raise EngineLost("trainer 0 died")

    pool = Samplers(1, lambda number: Ready.remote(), room=8, deadline=60.0, losses_allowed=0, renew=renew)
    pool.publish(3, [lost_part()])
    with pytest.raises(EngineLost, match="trainer 0 died"):
        list(pool.ask(REQUESTS, SAMPLING))
    pool.close()


def kill(pool: Samplers, number: int) -> None:
    process = ray.get(pool.seats[number].actor.process.remote())
    os.kill(process, signal.SIGKILL)


def test_a_sampler_that_died_with_nothing_to_do_is_replaced_before_weights_are_sent() -> None:
    pool = Samplers(2, lambda number: Ready.remote(), room=8, deadline=60.0, losses_allowed=1)
    kill(pool, 1)
    with pool.at_rest():
        assert len(ray.get([seat.actor.process.remote() for seat in pool.seats])) == 2
        pool.transferred(5)
    [notice] = pool.notices
    assert notice.startswith("sampler 1 died")
    assert len(list(pool.ask(REQUESTS, SAMPLING))) == 4
    pool.close()


def test_a_sampler_that_dies_while_weights_are_sent_is_replaced() -> None:
    """The others have them; the new one gets them when they are published again."""
    pool = Samplers(2, lambda number: Ready.remote(), room=8, deadline=60.0, losses_allowed=1)
    with pool.at_rest():
        kill(pool, 0)
        pool.transferred(5)
    assert [seat.version for seat in pool.seats] == [None, 5]
    [notice] = pool.notices
    assert notice.startswith("sampler 0 died")
    pool.close()
