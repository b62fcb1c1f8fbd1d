"""Everything that a later step depends on is in the checkpoint.

The test walks through all objects that a run's loop can reach. After k steps it holds those of a run that went on
without a break against those of one that was taken up at k: whatever differs, or is of a kind that the test can't look
into, is state that a checkpoint lacks, unless it stands below with the reason why no step depends on it.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from prorl.run import job
from prorl.run.learner import Learner
from prorl.run.loop import Loop

from .small import PROLONGED, recipe_of, silent

NO_STATE = {
    r"\.pace\b": "only tells a person how long it will take",
    r"\.trackers\b": "only shows",
    r"\.between\b": "seconds by the clock",
    r"\.spans\b": "remembers what tokens decode to, and decodes again what it has forgotten",
    r"\.progress\b": "only shows",
    r"\.interrupt\b": "a person's Ctrl-C, for this process alone",
    r"\.stopped$": "why this process ended",
    r"_mended$": "whether this process has looked at the end of a file yet",
    r"\.suites\._pools|\.pool\b": "worker processes of this process",
    r"\.policy\.tokenizer$": "the model's own",
    r"\.directory\._lock": "an open file of this process",
    r"\.directory\.made$": "whether this process made the folder",
    r"\._orders": "derived from the seed and the counters",
    r"\.learner\.control\._settings": "the recipe's",
    r"\.optimizer\._adam\.(defaults|param_groups|_)": "the rates of the next update are set by it",
}


def walk(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, object]]:
    """Every number, text and tensor that can be reached, with the way there."""
    if isinstance(value, bool | int | float | str | bytes | type(None) | complex):
        yield path, repr(value)
        return
    if isinstance(value, torch.Tensor):
        yield path, hashlib.sha256(value.detach().contiguous().flatten().view(torch.uint8).numpy().data).hexdigest()
        return
    if isinstance(value, np.ndarray):
        yield path, hashlib.sha256(value.tobytes()).hexdigest()
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, torch.nn.Module):
        for name, part in (*value.named_parameters(), *value.named_buffers()):
            yield from walk(part, f"{path}.{name}", seen)
    elif isinstance(value, torch.optim.Optimizer):
        for number, parameter in enumerate(p for group in value.param_groups for p in group["params"]):
            for name, part in value.state[parameter].items():
                yield from walk(part, f"{path}.{number}.{name}", seen)
    elif isinstance(value, Mapping):
        yield f"{path}.keys", sorted(map(str, value))
        for key in value:
            yield from walk(value[key], f"{path}.{key}", seen)
    elif isinstance(value, list | tuple | deque):
        yield f"{path}.length", len(value)
        for place, part in enumerate(value):
            yield from walk(part, f"{path}.{place}", seen)
    elif isinstance(value, set | frozenset):
        yield path, sorted(map(str, value))
    elif type(value).__module__.startswith("prorl."):
        names = {field.name for field in fields(value)} if is_dataclass(value) else set()
        for name in sorted(names | set(vars(value) if hasattr(value, "__dict__") else value.__slots__)):
            part = getattr(value, name)
            yield from walk(part, f"{path}.{name}", seen)
    elif isinstance(value, Path | type):
        yield path, str(value)
    else:
        yield path, object()  # equal to nothing: what this can't look into differs, unless it is on the list


def state_of(loop: Loop) -> dict[str, object]:
    found = dict(walk(loop, "loop", set()))
    return {path: value for path, value in found.items() if not any(re.search(pattern, path) for pattern in NO_STATE)}


def differences(one: dict[str, object], other: dict[str, object]) -> list[str]:
    missing = object()
    return sorted(path for path in one.keys() | other.keys() if one.get(path, missing) != other.get(path, missing))


class Left(Exception):
    """The run is left as it stands."""


def both(nano: Path, folder: Path, steps: int, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, object], ...]:
    """The state of a loop right after the checkpoint of `steps`, and that of another which was taken up there."""
    found = []
    checkpoint, run = Loop.checkpoint, Loop.run

    def look_after_checkpoint(self: Loop, *arguments: Any, **options: Any) -> None:
        checkpoint(self, *arguments, **options)
        if self.step == steps:
            found.append(state_of(self))
            raise Left

    def look_before_run(self: Loop) -> bool:
        if self.step == steps:
            found.append(state_of(self))
            raise Left
        return run(self)

    monkeypatch.setattr(Loop, "checkpoint", look_after_checkpoint)
    monkeypatch.setattr(Loop, "run", look_before_run)
    with pytest.raises(Left):
        job.start(recipe_of(nano, PROLONGED, checkpoint={"every": 1}), folder / "run", silent())
    with pytest.raises(Left):
        job.resume(folder / "run", silent())
    assert len(found) == 2
    return tuple(found)


@pytest.mark.parametrize("steps", [2, 5, 9, 13])
def test_a_run_that_was_taken_up_is_in_the_same_state(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    unbroken, taken_up = both(nano, tmp_path, steps, monkeypatch)
    found = {path: (unbroken.get(path), taken_up.get(path)) for path in differences(unbroken, taken_up)}
    assert found == {}
    assert len(unbroken) > 200
    for part in (".regimen.", ".gate.", ".stream.", ".lessons.", ".control.", ".collector.", ".engine."):
        assert any(part in path for path in unbroken), part


def leaving_out(owner: type, name: str) -> Any:
    """`state_dict` and `load_state_dict` of a class without one of its parts."""
    save, load = owner.state_dict, owner.load_state_dict  # type: ignore[attr-defined]

    def load_without(self: Any, state: Mapping[str, Any]) -> None:
        load(self, {**state, name: save(type(self)())[name]} if owner.__name__ == "Gate" else {**state, name: 0})

    return load_without


@pytest.mark.parametrize(
    ("module", "owner", "name"),
    [
        ("prorl.algo.admission", "Gate", "overall"),
        ("prorl.run.collect", "Collector", "drawn"),
        ("prorl.regimen.stage", "StageClock", "steps"),
        ("prorl.regimen.resets", "ResetWatch", "last"),
        ("prorl.run.lessons", "Lessons", "taken"),
    ],
)
def test_a_part_that_is_not_restored_is_found(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, owner: str, name: str
) -> None:
    import importlib

    if owner == "Lessons":
        lessons = tmp_path / "lessons.jsonl"
        lessons.write_text('{"prompt": "ab>", "completion": "b"}\n')
        monkeypatch.setitem(PROLONGED["stages"][0], "imitate", {"source": str(lessons)})
    kind = getattr(importlib.import_module(module), owner)
    monkeypatch.setattr(kind, "load_state_dict", leaving_out(kind, name))
    steps = 2 if owner == "Lessons" else 9
    found = differences(*both(nano, tmp_path, steps, monkeypatch))
    assert found
    assert all(f".{name}" in path or f"._{name}" in path for path in found)


@pytest.mark.parametrize("stranger", [random.Random(), np.random.default_rng(), itertools.count(), iter([1, 2])])
def test_an_object_that_the_test_can_not_look_into_is_found(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: object
) -> None:
    """A generator of random numbers, say, that somebody adds to a part of the loop."""
    begin = Learner.__init__

    def begin_with_a_stranger(self: Learner, *arguments: Any) -> None:
        begin(self, *arguments)
        self.added = stranger  # type: ignore[attr-defined]

    monkeypatch.setattr(Learner, "__init__", begin_with_a_stranger)
    assert differences(*both(nano, tmp_path, 2, monkeypatch)) == ["loop.learner.added"]


def test_an_object_that_nobody_saves_is_found(nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The optimizer's moments, say, as if they were not in the checkpoint."""
    from prorl.engine.local.masters import MasterOptimizer

    load = MasterOptimizer.load

    def load_without_moments(self: MasterOptimizer, weights: Path, moments: Path) -> None:
        load(self, weights, moments)
        self._adam.state.clear()

    monkeypatch.setattr(MasterOptimizer, "load", load_without_moments)
    found = differences(*both(nano, tmp_path, 9, monkeypatch))
    assert found
    assert all("optimizer._adam" in path for path in found)
