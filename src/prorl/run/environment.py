"""What a run was computed on and with: one line a process in `environment.jsonl`, for whoever reads the run later."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prorl import __version__
from prorl.run import jsonl

PACKAGES = ("torch", "transformers", "tokenizers", "reasoning-gym", "math-verify", "numpy", "ray", "vllm")


def record(file: Path, **more: Any) -> None:
    """Append what this process is; `more` are facts that only the caller knows."""
    jsonl.append(file, jsonl.encode({"at": datetime.now(UTC).isoformat(timespec="seconds"), **environment(), **more}))


def environment() -> dict[str, Any]:
    """Versions, system, processor, cores and memory. Nothing in it names a person or a host."""
    import torch

    return {
        "prorl": __version__,
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        "arguments": sys.argv[1:],
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name where the system tells it."""
    file = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*:\s*(.+)$", file.read_text(), re.MULTILINE) if file.is_file() else None
    return named.group(1).strip() if named else platform.processor() or platform.machine()
