"""All samplers of a run: deals requests out to them, gives them new weights, and replaces those that die."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from prorl.engine.cluster.sampler import Order
from prorl.engine.cluster.seat import Seat, is_lost_object, said
from prorl.engine.protocol import GroupRequest, SampledGroup, Sampling
from prorl.errors import IntegrityError

SLICE = 0.25
"""Seconds that a sampler works before it answers."""
PATIENCE = 2.0
"""Seconds before a lost sampler is replaced, times the losses before it: a lost node still takes processes at first."""


class Asked:
    """The groups of one call; implements `prorl.engine.protocol.Samples`."""

    def __init__(self, pool: Samplers, least_version: int) -> None:
        self.pool, self.least_version = pool, least_version
        self.open: set[int] = set()
        self.ready: deque[SampledGroup] = deque()

    def __iter__(self) -> Asked:
        return self

    def __next__(self) -> SampledGroup:
        while not self.ready:
            if not self.open:
                raise StopIteration
            self.pool.renew_weights()
            self.pool.pump()
        return self.ready.popleft()

    def close(self) -> None:
        """Stop what is still being sampled."""
        self.pool.stop(self)
        self.ready.clear()


class Samplers:
    """Requests wait here until a sampler with the current weights has room, so the quicker ones get more of them."""

    def __init__(
        self, count: int, begin: Callable[[int], Any], room: int, deadline: float, losses_allowed: int,
        renew: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`begin` starts the actor of a seat; `room`: completions that one samples at a time.

        `renew` publishes the same weights again, for a sampler that came too late for a transfer.
        """
        self.renew = renew
        self.begin, self.room, self.deadline, self.losses_allowed = begin, room, deadline, losses_allowed
        self.seats = [Seat(number, begin(number)) for number in range(count)]
        self.waiting: deque[Order] = deque()
        self.askers: dict[int, Asked] = {}
        self.numbers = itertools.count()
        self.version = -1
        self.parts: Sequence[Any] = ()
        self.notices: list[str] = []
        self.resting = False
        self.losses = 0
        """Since a group was last finished."""

    def publish(self, version: int, parts: Sequence[Any]) -> None:
        """Weights for every sampler, each to be taken when it has finished what it is sampling."""
        self.version, self.parts = version, parts

    def transferred(self, version: int) -> None:
        """All samplers were sent weights while they had nothing to do; those of a later one must be published again."""
        self.publish(version, ())
        for seat in self._answering("taken", version):
            seat.version = version

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Wait until all samplers are there and have nothing to do; no new work is given out until this is left."""
        self.resting = True
        try:
            while not self._rests():
                self.pump()
            yield
        finally:
            self.resting = False

    def _rests(self) -> bool:
        if any(seat.actor is None or seat.orders or seat.call is not None for seat in self.seats):
            return False
        return len(self._answering("process")) == len(self.seats)

    def _answering(self, method: str, *arguments: Any) -> list[Seat]:
        """Call a method of all samplers, which have nothing to do; those that answer. The others are replaced."""
        calls = [getattr(seat.actor, method).remote(*arguments) for seat in self.seats]
        ready, _ = ray.wait(calls, num_returns=len(calls), timeout=self.deadline, fetch_local=False)
        answering = []
        for seat, call in zip(tuple(self.seats), calls, strict=True):
            if call not in ready:
                self._replace(seat, f"has said nothing for {self.deadline:g} s")
                continue
            try:
                ray.get(call)
                answering.append(seat)
            except RayError as error:
                self._failed(seat, error)
        return answering

    def renew_weights(self) -> None:
        """Publish again if a sampler lacks weights that nobody has kept. To be called while the trainers are free."""
        if self.version >= 0 and not self.parts and any(seat.version != self.version for seat in self.seats):
            self.renew()

    def forget_weights(self) -> None:
        """What samplers hold is worth nothing any more, whatever its version; nor is what they were asked."""
        for asked in set(self.askers.values()):
            asked.close()
        self.version, self.parts = -1, ()
        for seat in self.seats:
            seat.version = None

    def ask(self, requests: Sequence[GroupRequest], sampling: Sampling) -> Asked:
        """Begin to sample groups by the weights that were published last, or newer ones."""
        asked = Asked(self, self.version)
        for request in requests:
            order = Order(next(self.numbers), request, sampling)
            asked.open.add(order.number)
            self.askers[order.number] = asked
            self.waiting.append(order)
        self.pump(timeout=0.0)
        return asked

    def stop(self, asked: Asked) -> None:
        """Sample no more of these."""
        self.waiting = deque(order for order in self.waiting if order.number not in asked.open)
        for seat in self.seats:
            for number in asked.open & seat.orders.keys():
                del seat.orders[number]
                if number in seat.told:
                    seat.told.discard(number)
                    seat.stopped.append(number)
        for number in asked.open:
            del self.askers[number]
        asked.open.clear()

    def pump(self, others: Sequence[Any] = (), timeout: float = 1.0) -> list[Any]:
        """Keep the samplers busy for up to `timeout` seconds, or until one of `others` is ready; those that are."""
        self._deal()
        for seat in self.seats:
            if seat.actor is None and time.monotonic() >= seat.begin_at:
                seat.actor = self.begin(seat.number)
            if seat.actor is not None and seat.call is None:
                self._send(seat)
        awaited = [seat.call for seat in self.seats if seat.call is not None]
        if not awaited and not others:
            time.sleep(min(timeout, 0.1) if any(seat.actor is None for seat in self.seats) else 0.0)
            return []
        ready, _ = ray.wait([*awaited, *others], num_returns=1, timeout=timeout, fetch_local=False)
        for seat in self.seats:
            if seat.call is not None and seat.call in ready:
                self._receive(seat)
            elif seat.call is not None and self._is_silent(seat):
                self._replace(seat, f"has said nothing for {self.deadline:g} s")
        return [other for other in others if other in ready]

    def _is_silent(self, seat: Seat) -> bool:
        """Whether it has had its time and no answer is there, though nobody may have looked for a while."""
        late = time.monotonic() - seat.since > self.deadline
        return late and not ray.wait([seat.call], timeout=0.0, fetch_local=False)[0]

    def close(self) -> None:
        """End all samplers."""
        for seat in self.seats:
            if seat.actor is not None:
                ray.kill(seat.actor)

    def _deal(self) -> None:
        """Give waiting requests to the sampler that has least to do, as long as one has room."""
        while self.waiting and not self.resting:
            able = [seat for seat in self.seats if seat.version == self.version and seat.taking is None]
            seat = min(able, key=lambda seat: seat.load, default=None)
            if seat is None or (seat.orders and seat.load + self.waiting[0].sampling.samples > self.room):
                return
            order = self.waiting.popleft()
            seat.orders[order.number] = order

    def _send(self, seat: Seat) -> None:
        new = [order for number, order in seat.orders.items() if number not in seat.told]
        if seat.orders or seat.stopped:
            seat.call = seat.actor.work.remote(new, seat.stopped, SLICE)
            seat.told.update(order.number for order in new)
            seat.stopped = []
        elif seat.version != self.version and self.parts and not self.resting:
            seat.call, seat.taking = seat.actor.take.remote(self.version, *self.parts), self.version
        seat.since = time.monotonic()

    def _receive(self, seat: Seat) -> None:
        call, seat.call = seat.call, None
        try:
            answer = ray.get(call)
        except RayError as error:
            self._failed(seat, error)
            return
        if seat.taking is not None:
            if answer != seat.taking:
                raise IntegrityError(f"sampler {seat.number} was given weights {seat.taking} and has {answer}")
            seat.version, seat.taking = answer, None
            return
        for number, group in answer:
            if number in seat.orders:
                self._finish(seat, number, group)

    def _failed(self, seat: Seat, error: RayError) -> None:
        if seat.taking is not None and is_lost_object(error):  # with the node that held the weights, not the sampler
            seat.taking = None
            self.parts = ()  # whoever may call the trainers publishes them again: `renew_weights`
        elif isinstance(error, RayTaskError):
            self._replace(seat, f"failed ({said(error)})")
        else:  # of the process, of its node, or of what it had put into the store
            self._replace(seat, f"died ({said(error)})")

    def _finish(self, seat: Seat, number: int, group: SampledGroup) -> None:
        order, asked = seat.orders.pop(number), self.askers.pop(number)
        seat.told.discard(number)
        asked.open.discard(number)
        if group.weights_version != seat.version or group.weights_version < asked.least_version:
            raise IntegrityError(
                f"sampler {seat.number} answered with weights {group.weights_version}; it was given {seat.version} and "
                f"was to have {asked.least_version} or newer"
            )
        if group.request != order.request or len(group.completions) != order.sampling.samples:
            raise IntegrityError(f"sampler {seat.number} answered another request than it was asked")
        asked.ready.append(group)
        self.losses = 0

    def _replace(self, seat: Seat, what: str) -> None:
        """Begin another process in the seat, and ask again what the lost one had not finished."""
        self.losses += 1
        if self.losses > self.losses_allowed:
            raise IntegrityError(
                f"sampler {seat.number} {what}; {self.losses} samplers were lost without a group finished between them "
                f"(cluster.restarts={self.losses_allowed})"
            )
        again = list(seat.orders.values())
        self.notices.append(f"sampler {seat.number} {what}; it is replaced, and {len(again)} requests are asked again")
        self.waiting.extendleft(reversed(again))
        ray.kill(seat.actor)
        begin_at = time.monotonic() + PATIENCE * (self.losses - 1)
        self.seats[seat.number] = Seat(seat.number, begin_at=begin_at)
