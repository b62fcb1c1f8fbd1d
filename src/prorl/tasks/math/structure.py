"""The structure of an answer: numbers, names, lists, tuples, sets, intervals, unions and matrices of expressions."""

from __future__ import annotations

from dataclasses import dataclass

from prorl.tasks.math.numbers import Number

MODULUS = "mod "
"""What the unit of a remainder begins with, before the modulus."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, or an expression that is none, with its unit. `text` is without the unit."""

    text: str
    number: Number | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words, or a letter of a multiple choice, in lower case."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """`x = value`; `text` is the whole of it."""

    name: str
    value: Answer
    text: str


@dataclass(frozen=True, slots=True)
class Chain:
    """`2 + 3 = 5`, or what follows the name in `A = 2 · 5 = 10`: the same thing several times, the answer last."""

    sides: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Items in `brackets`: none (a list), `;` (a list that is separated by it), `{}` (a set), `()`, `[]`, `(]`, `[)`
    (tuple or interval), `<>` (a vector), `U` (a union).
    """

    brackets: str
    items: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of entries."""

    rows: tuple[tuple[Answer, ...], ...]


Answer = Scalar | Words | Named | Chain | Group | Matrix
