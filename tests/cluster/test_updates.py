"""The same update from the same groups, whoever makes it and however many they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from prorl.engine.cluster.engine import ClusterEngine
from prorl.engine.local.engine import LocalEngine
from prorl.engine.local.rows import cut
from prorl.engine.local.schedule import deal
from prorl.engine.local.trainer import tree_of
from prorl.engine.protocol import Example, NonFiniteGradient
from prorl.errors import IntegrityError
from prorl.policy.nano import make_nano
from prorl.recipe.objective import Correction

from .alike import OPTIMIZER, apart, groups, numbers, update
from .conftest import a_recipe

Opened = Callable[..., ClusterEngine]
LAYOUTS: list[dict[str, Any]] = [{"trainers": 1, "samplers": 1}, {"trainers": 2, "samplers": 2}]


@pytest.fixture(params=LAYOUTS, ids=["1 trainer", "2 trainers"])
def cluster(request: pytest.FixtureRequest, opened: Opened) -> ClusterEngine:
    return opened(**request.param)


@pytest.mark.parametrize(
    ("aggregation", "row_tokens"), [("token_mean", 1), ("sequence_mean", 40), ("constant_length", 10_000)]
)
def test_an_update_is_that_of_the_local_engine(
    cluster: ClusterEngine, local: LocalEngine, tmp_path: Path, aggregation: str, row_tokens: int
) -> None:
    """The local engine cuts into other rows, so neither they nor the number of processes change what is computed."""
    local.trainer.row_tokens = row_tokens
    given = groups(local)
    assert apart(cluster, local, tmp_path / "start") == 0.0
    here, there = (update(engine, given, objective={"aggregation": aggregation}) for engine in (local, cluster))
    assert numbers(there) == pytest.approx(numbers(here), rel=1e-4, abs=1e-6)
    assert there.checked_reset
    assert cluster.weights_version == local.weights_version == 1
    assert apart(cluster, local, tmp_path / "end") < 1e-5


@pytest.mark.parametrize("kind", ["none", "icepop", "sequence_mask"])
def test_corrections_see_every_process_s_tokens(
    cluster: ClusterEngine, local: LocalEngine, tmp_path: Path, kind: str
) -> None:
    """Some samples' log-probabilities are off, so that tokens are dropped and denominators change."""
    given = groups(local)
    shifted = tuple(p - 2.0 for p in given[0].sampled.completions[0].logprobs)
    completions = (replace(given[0].sampled.completions[0], logprobs=shifted), *given[0].sampled.completions[1:])
    given[0] = replace(given[0], sampled=replace(given[0].sampled, completions=completions))
    objective = {"correction": Correction(kind=kind)}
    here, there = (update(engine, given, objective=objective) for engine in (local, cluster))
    assert here.mismatch_kl > 0.01
    assert numbers(there) == pytest.approx(numbers(here), rel=1e-4, abs=1e-6)
    assert apart(cluster, local, tmp_path) < 1e-5


def test_rows_that_do_not_divide_were_tested(local: LocalEngine) -> None:
    """Two trainers had an odd number of rows in the tests above, so one of them computed a row that counts nothing."""
    parts = deal([tree_of(group) for group in groups(local)], 2)
    assert [len(cut(part, 40)) for part in parts] == [2, 3]


def test_imitation_is_that_of_the_local_engine(cluster: ClusterEngine, local: LocalEngine, tmp_path: Path) -> None:
    pairs = [("abc", "d"), ("a", "bcdefg"), ("hgfedcba", "ab"), ("bb", "ccc"), ("abcdefgh" * 6, "a")]
    prompts = [tuple(local.encode_answer(prompt)[:-1]) for prompt, _ in pairs]
    examples = [Example(p, tuple(local.encode_answer(a))) for p, (_, a) in zip(prompts, pairs, strict=True)]
    here, there = (engine.imitate(examples, OPTIMIZER) for engine in (local, cluster))
    assert numbers(there) == pytest.approx(numbers(here), rel=1e-5)
    assert here.tokens == 18
    assert apart(cluster, local, tmp_path) < 1e-5


def test_a_reset_makes_kl_exactly_zero(cluster: ClusterEngine, local: LocalEngine) -> None:
    given = groups(local)
    base = cluster.reference_id
    assert base == local.reference_id
    update(cluster, given)
    assert cluster.reset_reference(clear_optimizer=True) != base
    given = [replace(g, sampled=replace(g.sampled, weights_version=1)) for g in given]
    report = update(cluster, given)
    assert report.checked_reset
    assert report.first_log_ratio == 0.0
    assert update(cluster, [replace(g, sampled=replace(g.sampled, weights_version=2)) for g in given]).kl > 1e-4


def test_a_gradient_that_is_not_finite_changes_nothing(
    cluster: ClusterEngine, local: LocalEngine, tmp_path: Path
) -> None:
    given = groups(local)
    spoilt = [replace(given[0], advantages=(math.inf,) * 4), *given[1:]]
    with pytest.raises(NonFiniteGradient):
        update(cluster, spoilt)
    assert cluster.weights_version == 0
    assert apart(cluster, local, tmp_path) == 0.0


def test_samples_of_older_weights_are_refused(cluster: ClusterEngine, local: LocalEngine) -> None:
    given = groups(local)
    update(cluster, given)
    with pytest.raises(IntegrityError, match=r"weights \[0\] came to weights 1"):
        update(cluster, given)


def test_bf16_computes_in_bf16_on_fp32_shards(tmp_path: Path) -> None:
    """The weights' file holds bf16, so that the local engine's masters, which are read in bf16, are the same."""
    model = make_nano(tmp_path / "nano", heads=2, kv_heads=1, init_std=0.1)
    weights = {name: tensor.bfloat16() for name, tensor in load_file(model / "model.safetensors").items()}
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    compute = {"precision": "bf16", "threads": 1, "train_tokens": 40}
    recipe = a_recipe(model, {"trainers": 2, "samplers": 1}, compute=compute)
    local = LocalEngine(model, recipe.compute, recipe.seed)
    cluster = ClusterEngine(model, recipe)
    try:
        assert cluster.reference_id == local.reference_id  # of the weights in bf16
        given = groups(local)
        here, there = (update(engine, given) for engine in (local, cluster))
        assert there.checked_reset
        assert there.first_log_ratio == 0.0
        assert numbers(there) == pytest.approx(numbers(here), rel=0.02, abs=1e-3)
        assert update(cluster, groups(cluster, seed=1)).mismatch_kl < 1e-3
        cluster.save(tmp_path)
        cluster.save_reference(tmp_path / "reference")
        local.load(tmp_path, tmp_path / "reference")
        masters = local.optimizer.masters.values()
        assert {master.dtype for master in masters} == {torch.float32}
        assert any((master != master.bfloat16()).any() for master in masters)  # small updates aren't rounded away
    finally:
        cluster.close()
