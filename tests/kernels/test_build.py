"""Where kernels come from, and what happens where they can't be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from prorl.kernels.build import NoKernels, compiled

SAY = """
import torch
from prorl.kernels.library import library, why_not
print(library(torch.zeros(1)) is not None, why_not())
"""


def test_it_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRORL_CACHE", str(tmp_path))
    first = compiled()
    made = first.stat().st_mtime_ns
    assert compiled() == first
    assert first.stat().st_mtime_ns == made
    assert [path.name for path in first.parent.iterdir()] == [first.name]  # nothing half-made is left


def test_two_processes_may_compile_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "PRORL_CACHE": str(tmp_path)}
    running = [
        subprocess.Popen([sys.executable, "-c", SAY], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate()[0].strip() for process in running] == ["True None"] * 2


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRORL_CACHE", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoKernels, match="no C\\+\\+ compiler"):
        compiled()


def test_a_compiler_that_refuses_is_quoted(tmp_path: Path) -> None:
    compiler = tmp_path / "cxx"
    compiler.write_text("#!/bin/sh\necho 'what is this' >&2\nexit 1\n")
    compiler.chmod(0o755)
    environment = {**os.environ, "PRORL_CACHE": str(tmp_path / "cache"), "CXX": str(compiler)}
    done = subprocess.run([sys.executable, "-c", SAY], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"False {compiler} refused the kernels: what is this"


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    taken = tmp_path / "a_file"
    taken.write_text("")
    environment = {**os.environ, "PRORL_CACHE": str(taken)}
    done = subprocess.run([sys.executable, "-c", SAY], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("False ")
    assert "a_file" in done.stdout
