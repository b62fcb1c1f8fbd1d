"""The arithmetic of estimates, held against numbers worked out by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.errors import UserError
from prorl.recipe.estimate import GIB, best, estimate
from prorl.recipe.estimate_text import describe
from prorl.recipe.gpus import GPUS, parse
from prorl.recipe.load import load
from prorl.recipe.memory import ModelShape
from prorl.recipe.schema import Recipe

QWEN = ModelShape(1_777_088_000, 28, 1536, 8960, 12, 2, 128, 151936)


def small(**changes: str) -> Recipe:
    more = [f"{key}={value}" for key, value in changes.items()]
    return load("prorl-v1-1.5b", ["compute.recompute=true", *more])


def test_a_trainer_s_memory_is_that_of_its_shards() -> None:
    one, four = (estimate(small(), QWEN, GPUS["H100"], trainers, 4).trainer for trainers in (1, 4))
    assert one["weights, gradients, moments"] == 16 * QWEN.parameters == 4 * four["weights, gradients, moments"]
    assert four["reference"] == 2 * QWEN.parameters / 4
    assert one["activations"] == four["activations"]  # a row is computed whole, whoever computes it


def test_training_takes_its_operations_divided_by_what_the_gpus_do() -> None:
    """256 x 16 completions of 4,048 tokens in the mean; 12 operations a parameter and token with recomputing."""
    recipe = load("prorl-v1-1.5b", ["compute.recompute=true"])
    stage = estimate(recipe, QWEN, GPUS["H100"], 8, 8).stages[0]
    tokens = 256 * 16 * recipe.rollout.max_new_tokens / 2
    without_attention = tokens * 12 * QWEN.parameters / (8 * 989e12 * 0.35)
    assert without_attention < stage.training < 1.5 * without_attention
    assert estimate(recipe, QWEN, GPUS["H100"], 16, 8).stages[0].training == pytest.approx(stage.training / 2)


def test_sampling_takes_at_least_the_longest_completion() -> None:
    recipe = small()
    many = estimate(recipe, QWEN, GPUS["H100"], 1, 100_000).stages[0].sampling
    alone = recipe.rollout.max_new_tokens * 2 * QWEN.parameters / (3350e9 * 0.6)
    assert many == pytest.approx(alone)
    few = estimate(recipe, QWEN, GPUS["H100"], 1, 2).stages[0].sampling
    assert few == pytest.approx(2 * estimate(recipe, QWEN, GPUS["H100"], 1, 4).stages[0].sampling)


def test_sampling_ahead_hides_the_shorter_of_the_two() -> None:
    plain = small()
    ahead = plain.model_copy(update={"cluster": plain.cluster.model_copy(update={"staleness": 1})})
    one, other = (estimate(recipe, QWEN, GPUS["H100"], 4, 4).stages[0] for recipe in (plain, ahead))
    assert one.step - other.step == pytest.approx(min(one.sampling, one.training))


def test_the_best_layout_uses_the_gpus_and_fits() -> None:
    found = best(small(), QWEN, 8, "H100")
    assert found is not None
    assert found.fits
    assert found.trainers + found.samplers == 8
    for trainers in range(1, 8):
        assert found.seconds <= estimate(small(), QWEN, GPUS["H100"], trainers, 8 - trainers).seconds
    large = replace(QWEN, parameters=70_000_000_000)
    assert best(small(), large, 2, "H100") is None


def test_what_does_not_fit_is_said() -> None:
    whole = sum(estimate(load("prorl-v1-1.5b"), QWEN, GPUS["L40S"], 1, 1).trainer.values()) / GIB
    assert whole > 48
    shown = CliRunner().invoke(app, ["recipe", "show", "prorl-v1-1.5b", "--gpus", "2xL40S"]).output
    assert "none fits; take more GPUs, lower compute.train_tokens, or set compute.recompute=true" in shown
    assert "TOO MUCH" in shown


@pytest.mark.parametrize(("deadline", "said"), [(1800, True), (10_000, False)])
def test_an_update_that_would_count_as_silence_is_told(deadline: int, said: bool) -> None:
    """Of two A100, one trains: by the estimate for more than half an hour a step."""
    asked = ["recipe", "show", "prorl-v2-1.5b", f"cluster.deadline={deadline}", "--gpus", "2xA100"]
    shown = CliRunner().invoke(app, asked).output
    assert (f"TOO LONG, trainers that say nothing for cluster.deadline={deadline} s count as lost" in shown) == said
    assert "training" in shown


def test_the_command_prints_its_assumptions() -> None:
    done = CliRunner().invoke(app, ["recipe", "show", "prorl-v1-1.5b", "compute.recompute=true", "--gpus", "32xh100"])
    assert done.exit_code == 0
    assert "# 32xh100, best layout: cluster.trainers=" in done.output
    assert "GPU hours" in done.output
    assert "not a measurement: no GPU has run this" in done.output


def test_the_documentation_tells_the_hours_that_the_command_prints() -> None:
    asked = "prorl recipe show prorl-v1-1.5b --gpus 32xH100"
    page = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
    told = re.search(rf"`{asked}`\s+says ([\d,]+) GPU hours", page)
    assert told is not None
    assert f" hours, {told[1]} GPU hours" in CliRunner().invoke(app, asked.split()[1:]).output


@pytest.mark.parametrize(
    ("gpus", "width", "said"),
    [
        ("1xH100", 1, "needs 2 GPUs or more, 1 for a trainer and 1 for a sampler"),
        ("4xH100", 4, "needs 5 GPUs or more, 1 for a trainer and 4 for a sampler"),
    ],
)
def test_too_few_gpus_for_a_trainer_and_a_sampler_are_no_layout(gpus: str, width: int, said: str) -> None:
    asked = ["recipe", "show", "prorl-v1-1.5b", f"cluster.tensor_parallel={width}", "--gpus", gpus]
    shown = CliRunner().invoke(app, asked).output
    assert f"# {gpus}: too few: engine=cluster {said}" in shown
    assert "half and half" not in shown
    assert "GPU hours" not in shown


@pytest.mark.parametrize(
    ("count", "width", "layout"), [(2, 1, (1, 1)), (9, 1, (4, 5)), (5, 4, (1, 1)), (8, 3, (5, 1)), (16, 2, (8, 4))]
)
def test_halves_take_all_gpus_and_no_more(count: int, width: int, layout: tuple[int, int]) -> None:
    """A model that fits nowhere is shown in halves."""
    large = replace(QWEN, parameters=70_000_000_000)
    shown = describe(small(**{"cluster.tensor_parallel": str(width)}), large, f"{count}xL40S")
    trainers, samplers = layout
    assert shown[f"{count}xL40S, half and half"].startswith(f"cluster.trainers={trainers} cluster.samplers={samplers}")
    assert trainers + samplers * width == count


@pytest.mark.parametrize("text", ["H100", "0xH100", "8xGH200", "8*H100"])
def test_gpus_that_nobody_knows_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"give a count and a name such as 8xH100; known are A100-40GB, A100, .*B200"):
        parse(text)
