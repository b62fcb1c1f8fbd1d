"""What the package says of the modules that need an extra, and of the cluster itself."""

from __future__ import annotations

import importlib
import json
import pkgutil
import shutil
import time
from pathlib import Path

import pytest
import ray
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

import prorl.engine.cluster
from prorl.cli.main import app
from prorl.engine.cluster.engine import ClusterEngine
from prorl.engine.cluster.sampler import SamplerSettings
from prorl.errors import UserError
from prorl.policy.model import Policy

from .conftest import a_recipe

MODULES = [f"prorl.engine.cluster.{module.name}" for module in pkgutil.iter_modules(prorl.engine.cluster.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports_and_says_what_it_is(name: str) -> None:
    """Also the one for NCCL, which nothing here can run: it must fit vLLM's interface as far as importing goes."""
    assert (importlib.import_module(name).__doc__ or "").strip()


def test_the_doctor_looks_at_the_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["doctor", "--cluster"])
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert [line[:2] for line in lines] == [["good", name] for name in ("ray", "vllm", "versions", "together", "disk")]
    assert "1 process met and added up" in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_that_is_too_small_is_told_before_anything_begins(nano: Path) -> None:
    with pytest.raises(UserError, match=r"64 CPUs are needed for 60 trainers and 4 samplers and Ray has 32"):
        ClusterEngine(nano, a_recipe(nano, {"trainers": 60, "samplers": 4}))
    with pytest.raises(UserError, match=r"4 GPUs are needed .* Ray has 0; .* or set cluster.device=cpu"):
        ClusterEngine(nano, a_recipe(nano, {"trainers": 2, "samplers": 1, "tensor_parallel": 2, "device": "cuda"}))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_vllm_is_given_the_context_that_the_recipe_needs_on_any_device(nano: Path, device: str) -> None:
    """And never more than the model's, which has 2,048 positions."""
    layout = {"trainers": 1, "samplers": 1, "backend": "vllm", "device": device}
    policy = Policy.without_weights(nano)
    for new, context in ((8, 40), (5000, 2048)):
        rollout = {"prompts_per_step": 4, "samples_per_prompt": 8, "max_new_tokens": new, "max_prompt_tokens": 32}
        assert SamplerSettings.of(nano, a_recipe(nano, layout, rollout=rollout), policy).context == context


def test_a_model_that_is_refused_ends_in_its_one_line_and_leaves_no_process(nano: Path, tmp_path: Path) -> None:
    """By this process where the config shows it, by a trainer where only the weights do."""
    model = Path(shutil.copytree(nano, tmp_path / "model"))
    layout = {"trainers": 2, "samplers": 1}
    weights = load_file(model / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    before = ray.available_resources()["CPU"]
    with pytest.raises(UserError, match=r"its files lack 1 weights, the first is model\.norm\.weight"):
        ClusterEngine(model, a_recipe(model, layout))
    until = time.monotonic() + 30
    while ray.available_resources()["CPU"] < before and time.monotonic() < until:
        time.sleep(0.2)
    assert ray.available_resources()["CPU"] == before
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"logits_scaling": 2.0}))
    with pytest.raises(UserError, match="its logits are transformed by logits_scaling"):
        ClusterEngine(model, a_recipe(model, layout))
