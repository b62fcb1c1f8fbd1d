"""Walks on a small graph: each node has one edge out of it, and four walkers go along at the same time."""

from __future__ import annotations

import random
from itertools import accumulate
from math import perm

from prorl.tasks.nano.chain import Chain, ChainTask

NODES = "abcdefgh"
WALKERS = 4


class Walks(ChainTask):
    """Level n walks n edges, a `>` each: `Ca Bf Ac Ed Gh Hb Dg Fe>>adgh` → `cghb=ahbf`."""

    symbols = "a-h"

    @property
    def guess_rate(self) -> float:
        """Of all places for four walkers who never meet."""
        return 1 / perm(len(NODES), WALKERS)

    def chain(self, rng: random.Random) -> Chain:
        """A graph in which no node leads to itself and no two lead to one; its edges in any order."""
        ends = rng.sample(NODES, len(NODES))
        while any(node == end for node, end in zip(NODES, ends, strict=True)):
            rng.shuffle(ends)
        edges = dict(zip(NODES, ends, strict=True))
        listed = " ".join(node.upper() + edges[node] for node in rng.sample(NODES, len(NODES)))
        start = "".join(rng.sample(NODES, WALKERS))
        states = accumulate(range(self.level), lambda state, _: "".join(edges[node] for node in state), initial=start)
        return Chain(f"{listed}{'>' * self.level}{start}", tuple(states)[1:])
