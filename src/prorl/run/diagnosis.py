"""What a run would find on this machine: what it needs and whether that works, one line each."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packaging.requirements import Requirement

GIB = 1 << 30
LITTLE_MEMORY = 2 * GIB
LITTLE_DISK = 5 * GIB
OLDEST_PYTHON = (3, 11)
_NOT_FOR_USE = {"dev", "test"}
"""Extras that only those need who change this software."""


class State(StrEnum):
    """How it is with something. Only what is broken keeps a run from working."""

    GOOD = "good"
    NOTE = "note"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at, what was found, and what to do about it if anything."""

    name: str
    found: str
    state: State = State.GOOD


def diagnose(looks: Mapping[str, Callable[[], Line]] | None = None) -> Iterator[Line]:
    """Look at everything, or at what is given. A look that fails is a broken line and never an exception."""
    for name, look in (LOOKS if looks is None else looks).items():
        try:
            yield look()
        except Exception as error:  # noqa: BLE001 - what is broken is what is asked
            said = " ".join(str(error).split())
            yield Line(name, f"{type(error).__name__}: {said}", State.BROKEN)


def python() -> Line:
    """Version, and where it is."""
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        return Line("python", f"{found}; install {'.'.join(map(str, OLDEST_PYTHON))} or newer", State.BROKEN)
    return Line("python", found)


def packages() -> Line:
    """Whether every distribution that this one requires is there in a version that fits."""
    needed = [requirement for requirement in _requirements() if not _extras(requirement)]
    wrong = [said for requirement in needed if (said := _misfit(requirement))]
    if wrong:
        return Line("packages", f"{'; '.join(wrong)}; pip install --upgrade prorl", State.BROKEN)
    return Line("packages", f"all {len(needed)} that are needed")


def optional() -> Line:
    """Which extras are installed."""
    extras: dict[str, list[str]] = {}
    for requirement in _requirements():
        for extra in sorted(_extras(requirement) - _NOT_FOR_USE):
            extras.setdefault(extra, []).append(_misfit(requirement))
    said = [f"{extra} {'no' if any(misfits) else 'yes'}" for extra, misfits in sorted(extras.items())]
    return Line("optional", ", ".join(said) or "none", State.NOTE if "no" in " ".join(said).split() else State.GOOD)


def torch() -> Line:
    """Version, and what it computes on."""
    import torch

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    return Line("torch", f"{torch.__version__} on {device}")


def threads() -> Line:
    """Threads of the tensor library and cores that this process may use."""
    import torch

    cores, used = len(os.sched_getaffinity(0)), torch.get_num_threads()
    if used > cores:
        return Line("threads", f"{used} on {cores} cores; set compute.threads={cores}", State.NOTE)
    return Line("threads", f"{used} on {cores} cores")


def precision() -> Line:
    """What `compute.precision=auto` is here, and why."""
    import torch

    from prorl.engine.local.precision import bf16_gain, can_multiply_bf16, choose

    if torch.cpu._is_amx_tile_supported():
        why = "has AMX tiles"
    elif can_multiply_bf16():
        why = f"has AVX512-BF16 and multiplies {bf16_gain():.1f} times as fast in bf16 as in fp32"
    else:
        why = "has no instructions for bf16"
    return Line("precision", f"auto is {choose('auto')}, as this CPU {why}")


def kernels() -> Line:
    """Whether the compiled kernels can be used; they are compiled now if they weren't before."""
    from prorl.kernels.library import why_not

    reason = why_not()
    if reason is not None:
        return Line("kernels", f"none, PyTorch alone computes, about half as fast: {reason}", State.NOTE)
    return Line("kernels", "compiled for this processor")


def memory() -> Line:
    """Main memory: all of it and what is free, within the limit of a container."""
    total, free = _memory()
    found = f"{free / GIB:.1f} GiB free of {total / GIB:.1f}"
    if free < LITTLE_MEMORY:
        return Line("memory", f"{found}; training the smallest model takes about {LITTLE_MEMORY / GIB:.0f}", State.NOTE)
    return Line("memory", found)


def disk() -> Line:
    """Room where runs are written by default."""
    free = shutil.disk_usage(Path.cwd()).free
    found = f"{free / GIB:.1f} GiB free in {Path.cwd()}"
    if free < LITTLE_DISK:
        return Line("disk", f"{found}; a checkpoint of the smallest model takes about 2", State.NOTE)
    return Line("disk", found)


def models() -> Line:
    """The folder where models are kept, and which of the catalogue are in it."""
    from prorl.policy.cache import models_folder
    from prorl.policy.catalogue import entries

    folder = models_folder()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(nearest, os.W_OK):
        return Line("models", f"{folder} can't be written to; set PRORL_CACHE", State.BROKEN)
    there = [listed.entry.name for listed in entries() if listed.cached]
    return Line("models", f"{', '.join(there) or 'none fetched yet'} in {folder}")


def verifier() -> Line:
    """Whether a worker starts, judges and ends."""
    from prorl.tasks.registry import build
    from prorl.tasks.suite import Suite
    from prorl.verify.pool import WorkerPool

    begun = time.monotonic()
    suite = Suite([build("toy/echo")])
    with WorkerPool(suite.judge, 1, probes=suite.probes()) as pool:
        judged = pool.counts.judged
    return Line("verifier", f"a worker started and judged {judged} answers in {time.monotonic() - begun:.1f} s")


def sandbox() -> Line:
    """The best sandbox for programs written by a model that works here."""
    from prorl.verify.sandbox import Tier, probe

    probed = probe()
    why = "; ".join(f"{tier} doesn't work: {' '.join(reason.split())}" for tier, reason in probed.reasons.items())
    if probed.tier is Tier.LIMITS:
        return Line("sandbox", f"none that holds untrusted programs, so code tasks are refused ({why})", State.NOTE)
    return Line("sandbox", f"{probed.tier}{f' ({why})' if why else ''}")


LOOKS: dict[str, Callable[[], Line]] = {
    "python": python,
    "packages": packages,
    "optional": optional,
    "torch": torch,
    "threads": threads,
    "precision": precision,
    "kernels": kernels,
    "memory": memory,
    "disk": disk,
    "models": models,
    "verifier": verifier,
    "sandbox": sandbox,
}
"""What is looked at, in this order."""


def _requirements() -> list[Requirement]:
    return [Requirement(line) for line in importlib.metadata.requires("prorl") or []]


def _extras(requirement: Requirement) -> set[str]:
    """The extras for which it is required; none if always."""
    return set(re.findall(r"extra == [\"']([^\"']+)", str(requirement.marker or "")))


def _misfit(requirement: Requirement) -> str:
    """What is wrong with the installed distribution; nothing if it fits."""
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    fits = requirement.specifier.contains(version, prereleases=True)
    return "" if fits else f"{requirement.name} is {version}, needed is {requirement.specifier}"


def _memory() -> tuple[int, int]:
    """Bytes in all and free."""
    page = os.sysconf("SC_PAGE_SIZE")
    total, free = page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    known = Path("/proc/meminfo")
    if known.exists():
        found = re.search(r"^MemAvailable:\s+(\d+) kB", known.read_text(), re.MULTILINE)
        free = int(found[1]) * 1024 if found else free
    limit, used = (_number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None and limit < total:
        return limit, min(free, limit - used)
    return total, free


def _number(file: Path) -> int | None:
    text = file.read_text().strip() if file.exists() else ""
    return int(text) if text.isdigit() else None
