"""Arithmetic on recipes."""

from __future__ import annotations

from prorl.recipe.derived import ModelShape, derive, memory
from prorl.recipe.load import load

SMOLLM2 = ModelShape(134_515_008, 30, 576, 1536, 9, 3, 64, 49152)


def test_counts_of_the_quickstart() -> None:
    recipe = load("quickstart", ["stages.0.steps=10", "stages.1.steps=5", "optimizer.updates_per_step=2"])
    values = derive(recipe, None)
    assert values["steps"] == "15"
    assert values["trained samples"] == f"{15 * 8 * 16:,}"
    assert values["optimizer updates"] == "30"
    assert values["evaluation samples"].startswith(f"{12 * 12 * 16:,} ")
    assert "10 steps of 128 trained samples (8 prompts x 16)" in values["stage first"]
    assert "2 update(s) of 64" in values["stage first"]
    assert "reset on entry, optimizer cleared" in values["stage second"]
    assert "not known" in values["memory"]


def test_memory_by_part() -> None:
    recipe = load("quickstart")
    fp32, bf16 = (memory(recipe, SMOLLM2, precision) for precision in ("fp32", "bf16"))
    weights = SMOLLM2.parameters * 4
    assert fp32["weights"] == weights
    assert fp32["moments"] == bf16["moments"] == 2 * weights
    assert fp32["reference"] == 2 * bf16["reference"] == weights
    assert bf16["weights"] == weights * 3 // 2  # fp32 masters and their bf16 copy
    assert 4 < sum(fp32.values()) / 2**30 < 6
