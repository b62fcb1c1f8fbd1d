"""What the package says of the modules that need an extra, and of the cluster itself."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import prorl.engine.cluster
from prorl.cli.main import app
from prorl.engine.cluster.engine import ClusterEngine
from prorl.errors import UserError

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
