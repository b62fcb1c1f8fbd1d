"""Compiling the kernels: once for each source, compiler and processor, into the cache folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from prorl.files import cache_folder

SOURCE = Path(__file__).parent / "source"
FLAGS = (
    "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp", "-std=c++17", "-shared", "-fPIC",
)  # fmt: skip
WIDE = "-mprefer-vector-width=512"
SECONDS = 120


class NoKernels(Exception):
    """Why there are none here, in words for a person."""


def compiled() -> Path:
    """The shared library for this machine, made now if it isn't in the cache. Raises NoKernels."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
    if compiler is None or shutil.which(compiler) is None:
        raise NoKernels("no C++ compiler was found (g++ or clang++)")
    files = sorted(SOURCE.iterdir())
    told = (*FLAGS, WIDE, _version(compiler), _processor(), *(file.read_text(encoding="utf-8") for file in files))
    name = hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]
    target = cache_folder() / "kernels" / f"kernels-{name}.so"
    if not target.is_file():
        _compile(compiler, [file for file in files if file.suffix == ".cpp"], target)
    return target


def _compile(compiler: str, sources: list[Path], target: Path) -> None:
    """Compile beside the target and rename, so that no process ever loads half a library."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as staging:
            made = Path(staging) / target.name
            for flags in ((*FLAGS, WIDE), FLAGS):  # an older or other compiler may not know the width
                command = [compiler, *flags, *map(str, sources), "-o", str(made)]
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
                if done.returncode == 0:
                    os.replace(made, target)
                    return
    except (OSError, subprocess.SubprocessError) as error:
        raise NoKernels(f"{compiler} could not be run: {error}") from error
    complaint = next(iter(done.stderr.strip().splitlines()), "no reason given")
    raise NoKernels(f"{compiler} refused the kernels: {complaint}")


def _version(compiler: str) -> str:
    try:
        done = subprocess.run([compiler, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoKernels(f"{compiler} could not be run: {error}") from error
    return done.stdout


def has_tiles() -> bool:
    """Whether the processor says that it multiplies bf16 in tiles (AMX); known without the tensor library."""
    return "amx_bf16" in _processor().split()


def _processor() -> str:
    """What the compiler's `native` stands for here."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
