"""What every test may ask for: a model made on the spot, and the real one."""

from __future__ import annotations

import os

# Sums depend on how many threads share them, so the number is the same on every machine. It is set before torch loads.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from .browser import Browser

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with a random Llama (2 layers, 64 wide, fp32) and a character tokenizer. Read it only."""
    from prorl.policy.nano import make_nano

    return make_nano(tmp_path_factory.mktemp("models") / "nano")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The folder of SmolLM2-135M-Instruct, fetched into the model cache if it is not there yet. Read it only."""
    from prorl.policy.catalogue import resolve

    return resolve("smollm2-135m")


@pytest.fixture(params=[True, False], ids=["kernels", "plain"])
def with_and_without_kernels(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test runs twice: with compiled kernels, which must be there, and with PyTorch alone."""
    from prorl.kernels.library import enable, enabled, why_not

    assert why_not() is None
    enable(request.param)
    assert enabled() == request.param
    yield
    enable(True)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of pages."""
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()
