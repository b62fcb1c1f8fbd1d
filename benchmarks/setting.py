"""What the benchmarks of the engine share: the model, prompts that say nothing, and how results are written."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import random
from pathlib import Path
from typing import Any, Literal

import torch

from prorl.engine.local.engine import LocalEngine
from prorl.policy.catalogue import resolve
from prorl.recipe.schema import Compute

MODEL = "smollm2-135m"


def engine_for(precision: Literal["bf16", "fp32"], **compute: Any) -> LocalEngine:
    """The engine with the model loaded, which never ends a completion by itself."""
    engine = LocalEngine(resolve(MODEL), Compute(precision=precision, **compute), seed=0)
    endless = dataclasses.replace(engine.policy, ends=frozenset({engine.policy.vocabulary}))
    engine.policy = engine.trainer.policy = endless
    return engine


def prompts_of(count: int, tokens: int) -> list[tuple[int, ...]]:
    """`count` prompts of exactly so many tokens each, which share no beginning."""
    drawn = random.Random(0)
    return [tuple(drawn.randrange(1000, 40_000) for _ in range(tokens)) for _ in range(count)]


def environment() -> dict[str, Any]:
    """What a figure depends on besides the code."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    name = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "")
    return {
        "processor": name or platform.processor(), "cores": os.cpu_count(), "torch": torch.__version__,
        "amx": torch.cpu._is_amx_tile_supported(), "threads": torch.get_num_threads(),
    }  # fmt: skip


def write(out: Path | None, result: dict[str, Any]) -> None:
    """The result with its environment as JSON, if it was asked for."""
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result | {"environment": environment()}, indent=1) + "\n", encoding="utf-8")
