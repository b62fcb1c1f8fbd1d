"""All trainers of a run, called together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from prorl.engine.cluster.placement import Placement
from prorl.engine.cluster.trainer_actor import Answer, TrainerActor
from prorl.engine.protocol import EngineLost
from prorl.errors import lines_of
from prorl.recipe.schema import Recipe

Pump = Callable[[Sequence[Any], float], list[Any]]
"""Does other work for up to so many seconds, or until one of the answers is there; those that are."""

GRACE = 15.0
"""Seconds in which the death of one trainer shows after another has failed because of it."""


class Trainers:
    """The processes that hold the policy. The loss of one is the loss of all: they are begun anew together."""

    def __init__(self, model: Path, recipe: Recipe, placement: Placement, pump: Pump) -> None:
        self.model, self.recipe, self.placement, self.pump = model, recipe, placement, pump
        self.deadline = recipe.cluster.deadline
        self.actors: list[Any] = []
        self.lost = False
        """Whether one of them was found dead or silent."""

    def begin(self) -> None:
        """Start the processes, without waiting for them."""
        count = self.recipe.cluster.trainers
        self.close()
        self.lost = False
        remote = ray.remote(TrainerActor)
        self.actors = [
            remote.options(**self.placement.options(number)).remote(number, count, self.model, self.recipe)
            for number in range(count)
        ]

    def join(self) -> Answer:
        """Wait until every process has met the others and loaded the model."""
        [address] = self._all([self.actors[0].address.remote()])
        return self._first([actor.join.remote(address) for actor in self.actors])

    def call(self, method: str, *arguments: Any) -> Answer:
        """Call a method of every trainer's engine; the answer of the first. Raises what it foresaw, or EngineLost."""
        return self._first([actor.call.remote(method, *arguments) for actor in self.actors])

    def part(self, number: int) -> Any:
        """A part of the weights, as an object of the store."""
        calls = [actor.part.options(num_returns=2).remote(number) for actor in self.actors]
        self._wait([done for done, _ in calls])
        return calls[0][1]

    def transfer(self, samplers: list[Any], anew: bool) -> None:
        """Send the weights by NCCL, to samplers that have nothing else to do; `anew`: in a new group."""
        if anew:
            [address] = self._all([self.actors[0].address.remote()])
            self._all([actor.open_transfer.remote(samplers, address) for actor in self.actors])
        self._all([actor.send.remote() for actor in self.actors])

    def close(self) -> None:
        """End the processes."""
        for actor in self.actors:
            ray.kill(actor)
        self.actors = []

    def _first(self, calls: Sequence[Any]) -> Answer:
        answers: list[Answer] = self._all(calls)
        if len({answer.weights_version for answer in answers}) > 1 or len({a.reference_id for a in answers}) > 1:
            raise EngineLost(f"the trainers are no longer in step: {answers}")
        return answers[0]

    def _all(self, calls: Sequence[Any]) -> list[Any]:
        """The answers of all trainers, in order."""
        self._wait(calls)
        return [ray.get(call) for call in calls]

    def _wait(self, calls: Sequence[Any]) -> None:
        """Until every call has its answer. Raises EngineLost naming a trainer that died or is silent."""
        try:
            self._wait_for(calls)
        except EngineLost:
            self.lost = True
            raise

    def _wait_for(self, calls: Sequence[Any]) -> None:
        names = {call: f"trainer {number}" for number, call in enumerate(calls)}
        until, open_calls = time.monotonic() + self.deadline, list(calls)
        failed: tuple[str, Exception] | None = None
        while open_calls:
            for call in self.pump(open_calls, 1.0):
                open_calls.remove(call)
                error = _error(call)
                if isinstance(error, RayError) and not isinstance(error, RayTaskError):
                    raise EngineLost(f"{names[call]} died ({lines_of(error)[0]})")
                if error is not None and failed is None:
                    failed, until = (names[call], error), min(until, time.monotonic() + GRACE)
            if open_calls and time.monotonic() > until:
                break
        if failed is not None and (open_calls or isinstance(failed[1], RayTaskError)):
            raise EngineLost(f"{failed[0]} failed: {lines_of(failed[1])[-1]}") from failed[1]
        if open_calls:
            raise EngineLost(f"{names[open_calls[0]]} has said nothing for {self.deadline:g} s")


def _error(call: Any) -> Exception | None:
    """What a finished call failed with, or what its answer foresees: one that others wait for may do either."""
    try:
        answer = ray.get(call)
    except RayError as error:
        found: Exception = error
        return found
    return answer.foreseen if isinstance(answer, Answer) else None
