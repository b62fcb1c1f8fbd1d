"""The endless stream of training problems: deterministic, resumable, by weight."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from typing import Any, Self

from prorl.errors import UserError
from prorl.tasks.contract import ENDLESS, Problem, Split, Task
from prorl.tasks.deal import fingerprint
from prorl.tasks.suite import Suite

MOST_SKIPS = 10_000
"""Problems of one task that may be skipped in a row before it counts as having none."""


class NothingLeft(UserError):
    """Every problem of every task is retired; another stage asks them again."""


class ProblemStream:
    """Training problems, each task as often as its weight says, without end unless all of them are retired.

    The next task is the one furthest behind its share, so every stretch of prompts holds all tasks in proportion. A
    finite task is walked through in a new order each epoch; of an endless one problems are drawn at random. A task of
    which only retired problems are left is exhausted, and the others share what was its share. Everything follows from
    the seed, the counters and what is retired or exhausted, so these are the whole state.
    """

    def __init__(self, suite: Suite, seed: int, excluded: Iterable[Problem] = (), retired: Iterable[str] = ()) -> None:
        """`excluded` are never to be asked (what is held out), nor the same question in the words of another task; the
        suite's worked examples are excluded anyhow.

        `retired` are ids of problems that no longer teach; more can be added by `retire`. Raises UserError if every
        weight is 0.
        """
        self._suite = suite
        self._seed = seed
        self._held_out = frozenset(fingerprint(problem) for problem in excluded)
        self._examples = suite.examples()
        self._retired = set(retired)
        self._exhausted: set[str] = set()
        self._weights = _weights(suite)
        self._given = dict.fromkeys(self._weights, 0)
        self._position = dict.fromkeys(self._weights, 0)
        self._skipped = dict.fromkeys(self._weights, 0)
        self._orders: dict[str, tuple[int, list[int]]] = {}

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Problem:
        """The next problem. Raises NothingLeft where all are retired, and UserError naming a task that has none."""
        while self.left:
            task = self._suite.tasks[self._next_task()]
            problem = self._next_of(task)
            if problem is not None:
                return problem
            self._exhausted.add(task.name)
        raise NothingLeft(
            f"no problem is left to ask: those of {', '.join(sorted(self._exhausted))} are retired, by "
            "rollout.retire_after or a profile; another stage asks them again"
        )

    def switch(self, suite: Suite) -> None:
        """Ask the tasks of another suite from now on, in its proportions, and retired problems once more.

        A task that was asked before goes on where it stood, so no problem comes again because of a switch.
        """
        self._suite = suite
        self._examples = suite.examples()
        self._retired.clear()
        self._exhausted.clear()
        self._weights = _weights(suite)
        self._given = dict.fromkeys(self._weights, 0)
        for counts in (self._position, self._skipped):
            counts.update({name: 0 for name in self._weights if name not in counts})
        self._orders.clear()

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many problems were skipped, by task."""
        return dict(self._skipped)

    @property
    def exhausted(self) -> frozenset[str]:
        """Tasks that were found to have only retired problems left, since the suite was last switched."""
        return frozenset(self._exhausted)

    @property
    def left(self) -> int:
        """How many tasks are asked that aren't exhausted."""
        return len(self._weights) - len(self._exhausted)

    def retire(self, ids: Iterable[str]) -> None:
        """Never ask these again."""
        self._retired.update(ids)

    def state_dict(self) -> dict[str, Any]:
        """Where the stream stands, as JSON-able counters."""
        return {
            "seed": self._seed,
            "given": dict(self._given),
            "position": dict(self._position),
            "skipped": dict(self._skipped),
            "retired": sorted(self._retired),
            "exhausted": sorted(self._exhausted),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the state was taken. Raises UserError if it is of another seed or other tasks."""
        if state["seed"] != self._seed:
            raise UserError(f"the problem stream was saved with seed {state['seed']}, this one has {self._seed}")
        if set(state["given"]) != set(self._weights):
            changed = ", ".join(sorted(set(state["given"]) ^ set(self._weights)))
            raise UserError(f"the problem stream was saved for other tasks; these differ: {changed}")
        self._given = dict(state["given"])
        self._position = dict(state["position"])
        self._skipped = dict(state["skipped"])
        self._retired = set(state["retired"])
        self._exhausted = set(state.get("exhausted", ()))

    def go_back(self, state: Mapping[str, Any]) -> None:
        """Stand where the stream stood when `state` was taken; what was retired or exhausted since stays so."""
        self.load_state_dict({**state, "retired": self._retired, "exhausted": self._exhausted})

    def _next_of(self, task: Task) -> Problem | None:
        """The task's next problem, None where all that come are retired. Raises UserError if it has none to ask."""
        size = task.size(Split.TRAIN)
        if size == 0:
            raise UserError(f"{task.name}: zero prompts: its training split is empty; set its weight to 0")
        allowed = MOST_SKIPS if size is None else min(MOST_SKIPS, 2 * size)
        retired = 0
        for _ in range(allowed):
            problem = task.problem(Split.TRAIN, self._index(task, size))
            self._position[task.name] += 1
            if not self._left_out(problem):
                self._given[task.name] += 1
                return problem
            self._skipped[task.name] += 1
            retired += problem.id in self._retired
        if retired:
            return None
        raise UserError(
            f"{task.name}: zero prompts after filtering: {allowed} in a row are held out or worked examples; "
            "hold out fewer problems, choose options with more variety, or set the task's weight to 0"
        )

    def _left_out(self, problem: Problem) -> bool:
        known = problem.id in self._retired or problem.id in self._examples
        return known or fingerprint(problem) in self._held_out

    def _next_task(self) -> str:
        """The task furthest behind its share; equals take turns in an order that changes with every round."""
        weights = {name: weight for name, weight in self._weights.items() if name not in self._exhausted}
        total, given = sum(weights.values()), sum(self._given[name] for name in weights)
        behind = {name: weight / total * (given + 1) - self._given[name] for name, weight in weights.items()}
        most = max(behind.values())
        equals = [name for name, by in behind.items() if by > most - 1e-9]
        return min(equals, key=lambda name: self._number(name, "turn", self._given[name]))

    def _index(self, task: Task, size: int | None) -> int:
        position = self._position[task.name]
        if size is None:
            return self._number(task.name, "draw", position) % ENDLESS
        epoch, place = divmod(position, size)
        if self._orders.get(task.name, (-1, []))[0] != epoch:
            order = list(range(size))
            random.Random(self._number(task.name, "epoch", epoch)).shuffle(order)
            self._orders[task.name] = (epoch, order)
        return self._orders[task.name][1][place]

    def _number(self, task: str, purpose: str, count: int) -> int:
        """A number that looks random and depends on nothing but the seed and these arguments."""
        content = f"{self._seed}/{task}/{purpose}/{count}".encode()
        return int.from_bytes(hashlib.sha256(content).digest()[:8], "big")


def _weights(suite: Suite) -> dict[str, float]:
    """Weights of the tasks that are asked. Raises UserError if every weight is 0."""
    weights = {name: weight for name, weight in suite.weights.items() if weight > 0}
    if not weights:
        raise UserError("all weights of the task suite are 0; give at least one task a positive weight")
    return weights
