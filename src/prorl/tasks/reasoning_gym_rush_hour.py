"""Reasoning Gym's `rush_hour`: the shortest way out, and whether a way is one. Only moves that are possible count."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

Entry = dict[str, Any]
Pieces = tuple[tuple[str, int, int], ...]
"""Letter, cells long, step from cell to cell (1 across, 6 down; 0 for a wall) of each piece of a board."""
State = tuple[int, ...]
"""The first cell of each piece, from 0 to 35 row by row."""

_SIDE = 6
_EXIT = 16
"""Cell of the red car's left end when it is out: third row, fifth column."""


def score(dataset: Any, answer: str, entry: Entry) -> float:
    """1 if the shifts, one after another, are all possible and free the first car in the end; otherwise 0.

    A shift over more room than there is isn't possible, and neither is one of no cells or of a letter without a car.
    """
    pieces, state = _pieces(entry["metadata"]["board_config"])
    numbers = {letter: number for number, (letter, _, step) in enumerate(pieces) if step}
    for letter, sign, cells in re.findall(r"([A-Z])([+-])(\d+)", answer):
        number, direction, far = numbers.get(letter), int(f"{sign}1"), int(cells)
        if number is None or not 1 <= far <= _room(pieces, state, _taken(pieces, state), number, direction):
            return 0.0
        state = _moved(pieces, state, number, direction * far)
    return float(state[0] == _EXIT)


def solution(dataset: Any, entry: Entry) -> str | None:
    """The shortest sequence of shifts that frees the first car, found breadth first."""
    pieces, begin = _pieces(entry["metadata"]["board_config"])
    came: dict[State, tuple[State, str] | None] = {begin: None}
    waiting = deque([begin])
    while waiting:
        state = waiting.popleft()
        if state[0] == _EXIT:
            return " ".join(_path(came, state))
        for shift, after in _shifts(pieces, state):
            if after not in came:
                came[after] = (state, shift)
                waiting.append(after)
    return None


def _pieces(board: str) -> tuple[Pieces, State]:
    """The pieces and where they begin. Questions rename them in order, without the gaps between the labels."""
    labels = sorted(set(board) - {"o", "x"})
    cells = [[match.start() for match in re.finditer(label, board)] for label in labels]
    pieces = [(chr(ord("A") + number), len(at), at[1] - at[0]) for number, at in enumerate(cells)]
    walls = [match.start() for match in re.finditer("x", board)]
    begin = [at[0] for at in cells] + walls
    return (*pieces, *(("x", 1, 0) for _ in walls)), tuple(begin)


def _shifts(pieces: Pieces, state: State) -> Iterator[tuple[str, State]]:
    """Every possible shift as it is written, and the state after it."""
    taken = _taken(pieces, state)
    for number, (letter, _, step) in enumerate(pieces):
        for direction in (1, -1) if step else ():
            for far in range(1, _room(pieces, state, taken, number, direction) + 1):
                yield f"{letter}{direction * far:+}", _moved(pieces, state, number, direction * far)


def _taken(pieces: Pieces, state: State) -> set[int]:
    return {at + step * cell for (_, length, step), at in zip(pieces, state, strict=True) for cell in range(length)}


def _room(pieces: Pieces, state: State, taken: set[int], number: int, direction: int) -> int:
    """How many cells a piece can be shifted, forwards (1) or back (-1)."""
    _, length, step = pieces[number]
    place = state[number] % _SIDE if step == 1 else state[number] // _SIDE
    front = state[number] + step * (length - 1) if direction == 1 else state[number]
    room = _SIDE - length - place if direction == 1 else place
    return next((far for far in range(room) if front + direction * step * (far + 1) in taken), room)


def _moved(pieces: Pieces, state: State, number: int, cells: int) -> State:
    return (*state[:number], state[number] + pieces[number][2] * cells, *state[number + 1 :])


def _path(came: Mapping[State, tuple[State, str] | None], state: State) -> list[str]:
    shifts: list[str] = []
    while (before := came[state]) is not None:
        state, shift = before
        shifts.append(shift)
    return shifts[::-1]
