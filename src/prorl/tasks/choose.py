"""From what somebody types to tasks: names, patterns, suites, and `option=value` among them."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from prorl.errors import UserError
from prorl.recipe.text import read
from prorl.tasks.names import unknown
from prorl.tasks.registry import names
from prorl.tasks.suites import SUITES, entries

Spec = tuple[str, Mapping[str, Any]]
"""Name and options of a task."""


def chosen(words: Sequence[str]) -> list[Spec]:
    """The tasks that `words` name, each once, in order; all built-in ones if no word names any.

    A word is a task's name (also of a class of one's own, or of a variant), a pattern such as `math/*`, a suite, or
    `option=value`, which holds for all. Raises UserError for a name that nobody knows.
    """
    given = [word for word in words if "=" not in word]
    options = parsed([word for word in words if "=" in word])
    found: dict[str, Mapping[str, Any]] = {}
    known = names()
    for word in given or ["*"]:
        for name, own in _named(word, known):
            found.setdefault(name, {**own, **options})
    return list(found.items())


def parsed(words: Sequence[str]) -> dict[str, Any]:
    """Options from `option=value`, values read as in recipes. Raises UserError for a word that isn't of that form."""
    options: dict[str, Any] = {}
    for word in words:
        option, equals, value = word.partition("=")
        if not equals or not option:
            raise UserError(f"{word!r} is no option; write option=value")
        try:
            options[option] = read(value)
        except yaml.YAMLError as error:
            why = getattr(error, "problem", None) or "it can't be read"
            raise UserError(f"{word!r}: the value is not YAML ({why}); quote it") from None
    return options


def _named(word: str, known: Sequence[str]) -> list[Spec]:
    if any(mark in word for mark in "*?["):
        matching: list[Spec] = [(name, {}) for name in known if fnmatch.fnmatchcase(name, word)]
        if not matching:
            raise UserError(f"no task is called like {word!r}; prorl tasks list shows them all")
        return matching
    if word in SUITES:
        return [(entry.task, entry.options) for entry in entries(word)]
    if ":" not in word and word.partition("@")[0] not in known and not word.startswith("verifiers/"):
        raise unknown(word, [*known, *SUITES])
    return [(word, {})]
