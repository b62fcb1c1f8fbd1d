"""Scoring Reasoning Gym's `boxnet`: agents, one a square, hand boxes on to the targets of their color."""

from __future__ import annotations

import json
import re
from typing import Any

State = dict[str, list[str]]
"""Boxes and targets by square; squares are called `0.5_1.5`, by row and column."""

_NOT_POSSIBLE = 0.8
"""The most that is given for a plan with a move that is not possible."""

_AT = r"\[\s*(\d{1,3}(?:\.\d{1,3})?)\s*,\s*(\d{1,3}(?:\.\d{1,3})?)\s*\]"
_AGENT = re.compile(rf"\s*Agent\s*{_AT}\s*")
_TO_A_SQUARE = re.compile(rf"\s*move\(\s*(box_[^,()]+?)\s*,\s*square\s*{_AT}\s*\)\s*")
_TO_A_TARGET = re.compile(r"\s*move\(\s*box_([^,()]+?)\s*,\s*target_([^,()]+?)\s*\)\s*")


def score(dataset: Any, answer: str, entry: dict[str, Any]) -> float:
    """The share of boxes that reach a target; below 1 if any move of the plan is not possible.

    A plan is a list of steps, each with one move for some agents, which are made in turn. A move takes a box from the
    agent's own square to a neighbouring one or to a target of its color there. 0 for what is no plan.
    """
    plan = _plan(answer)
    state: State = {square: list(items) for square, items in entry["metadata"]["initial_state"].items()}
    boxes = _boxes(state)
    if plan is None or not boxes:
        return 0.0
    possible = True
    for step in plan:
        agents = [_square(found[1], found[2]) if (found := _AGENT.fullmatch(agent)) else None for agent in step]
        possible &= len(set(agents)) == len(agents)
        for agent, command in zip(agents, step.values(), strict=True):
            possible &= agent is not None and _moved(state, agent, command)
    share = (boxes - _boxes(state)) / boxes
    return share if possible else min(share, _NOT_POSSIBLE)


def _plan(answer: str) -> list[dict[str, str]] | None:
    try:
        plan = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    steps = isinstance(plan, list) and all(isinstance(step, dict) for step in plan)
    return plan if steps and all(isinstance(command, str) for step in plan for command in step.values()) else None


def _moved(state: State, square: str, command: str) -> bool:
    """Whether an agent can do what it is told; then it is done."""
    here = state.get(square, [])
    if found := _TO_A_TARGET.fullmatch(command):
        box, target = f"box_{found[1]}", f"target_{found[2]}"
        if found[1] != found[2] or box not in here or target not in here:
            return False
        here.remove(box)
        here.remove(target)
        return True
    found = _TO_A_SQUARE.fullmatch(command)
    if not found or found[1] not in here:
        return False
    there = _square(found[2], found[3])
    if there not in state or _distance(square, there) != 1:
        return False
    here.remove(found[1])
    state[there].append(found[1])
    return True


def _square(row: str, column: str) -> str:
    return f"{float(row)}_{float(column)}"


def _distance(one: str, other: str) -> float:
    pairs = zip(one.split("_"), other.split("_"), strict=True)
    return sum(abs(float(there) - float(here)) for here, there in pairs)


def _boxes(state: State) -> int:
    return sum(item.startswith("box_") for items in state.values() for item in items)
