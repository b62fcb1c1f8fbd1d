"""A checkpoint goes on in any engine and with any number of trainers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from prorl.engine.cluster.engine import ClusterEngine
from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Engine, TrainingGroup
from prorl.errors import IntegrityError
from prorl.policy.model import Policy

from .alike import groups, masters_apart, update
from .conftest import a_recipe

Opened = Callable[..., ClusterEngine]
ONE, TWO = {"trainers": 1, "samplers": 1}, {"trainers": 2, "samplers": 2}

TOLERANCE = 2e-5
"""Largest difference of a weight or moment after five updates in fp32, whose sums run in another order."""


def hand_over(engine: Engine, to: Engine, folder: Path) -> Engine:
    """Save in one and load in the other."""
    folder.mkdir()
    engine.save(folder)
    engine.save_reference(folder / "reference")
    to.load(folder, folder / "reference")
    assert to.reference_id == engine.reference_id
    assert to.weights_version == engine.weights_version
    return to


def a_step(engine: Engine, given: Sequence[TrainingGroup]) -> None:
    version = engine.weights_version
    update(engine, [replace(g, sampled=replace(g.sampled, weights_version=version)) for g in given], updates_per_step=1)


@pytest.mark.parametrize("way", ["1-2-1", "local-1-local", "local-2-local", "2-local-2"])
def test_a_diamond_ends_where_the_straight_way_ends(
    opened: Opened, nano: Path, local: LocalEngine, tmp_path: Path, way: str
) -> None:
    """Steps in one engine after the other, with a reset on the way, against all of them in the local engine."""
    given = [groups(local, seed=seed) for seed in range(5)]
    recipe = a_recipe(nano)
    engine: Engine | None = None
    for number, name in enumerate(way.split("-")):
        new: Engine = {
            "1": lambda: opened(**ONE),
            "2": lambda: opened(**TWO),
            "local": lambda: LocalEngine(nano, recipe.compute, recipe.seed),
        }[name]()
        engine = new if engine is None or new is engine else hand_over(engine, new, tmp_path / str(number))
        a_step(engine, given[2 * number])
        if number == 1:
            engine.reset_reference(clear_optimizer=False)
        if number < 2:
            a_step(engine, given[2 * number + 1])
    assert engine is not None
    for step in range(5):
        a_step(local, given[step])
        if step == 2:
            local.reset_reference(clear_optimizer=False)
    end = hand_over(engine, LocalEngine(nano, recipe.compute, recipe.seed), tmp_path / "end")
    assert isinstance(end, LocalEngine)
    assert end.optimizer.updates == 5
    assert masters_apart(end, local) < TOLERANCE


def test_what_is_handed_over_is_the_same_to_the_last_bit(
    opened: Opened, nano: Path, local: LocalEngine, tmp_path: Path
) -> None:
    recipe = a_recipe(nano)
    for seed in range(2):
        a_step(local, groups(local, seed=seed))
    there = hand_over(local, opened(**TWO), tmp_path / "a")
    back = hand_over(there, LocalEngine(nano, recipe.compute, recipe.seed), tmp_path / "b")
    assert isinstance(back, LocalEngine)
    assert masters_apart(back, local) == 0.0


def test_weights_in_shards_that_are_not_those_saved_are_found(
    opened: Opened, nano: Path, local: LocalEngine, tmp_path: Path
) -> None:
    two = opened(**TWO)
    two.save(tmp_path)
    state = (tmp_path / "engine.json").read_text()
    (tmp_path / "engine.json").write_text(state.replace(two.reference_id, "0" * 16))
    two.save_reference(tmp_path / "reference")
    for engine in (two, local):
        with pytest.raises(IntegrityError, match="expected 0000000000000000"):
            engine.load(tmp_path, tmp_path / "reference")


def test_an_export_is_a_hugging_face_folder(opened: Opened, local: LocalEngine, tmp_path: Path) -> None:
    two = opened(**TWO)
    given = groups(local)
    a_step(two, given)
    a_step(local, given)
    two.export(tmp_path / "model")
    exported = Policy.load(tmp_path / "model", torch.float32)
    for name, parameter in exported.parameters.items():
        torch.testing.assert_close(parameter, local.policy.parameters[name], rtol=0, atol=1e-5)


def test_a_disk_that_refuses_a_checkpoint_is_told_at_once(opened: Opened, tmp_path: Path) -> None:
    """As an error of the disk, which the caller tells on, and not as the loss of trainers."""
    two = opened(**TWO)
    (tmp_path / "file").write_text("no folder can be made in here")
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        two.save(tmp_path / "file" / "checkpoint")
    assert not two.trainers.lost
