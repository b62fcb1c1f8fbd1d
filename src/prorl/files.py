"""Files that must be on the disk, whole, and be what they were."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import IO

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """`$PRORL_CACHE`, or `prorl` in the user's cache folder."""
    root = os.environ.get("PRORL_CACHE")
    return (Path(root).expanduser() if root else user_cache_path("prorl")).absolute()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Return when the content of a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lines(path: Path) -> list[bytes]:
    """The lines of a file without their newlines; the last one may have been cut off."""
    content = path.read_bytes()
    split = content.split(b"\n")
    return split[:-1] if split[-1] == b"" else split


def text_lines(path: Path) -> list[str]:
    """The same of UTF-8 text: JSON may hold U+2028 and its like as they are, at which `str.splitlines` would cut it."""
    return [line.decode() for line in lines(path)]


def append(path: Path, data: bytes) -> None:
    """Append and wait until the bytes are on the disk."""
    created = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if created:
        flush(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Write a file in full or not at all: to a neighbour first, then renamed over it."""
    neighbour = path.with_name(path.name + ".partial")
    with open(neighbour, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(neighbour, path)
    flush(path.parent)


def exclusive(path: Path) -> IO[str] | None:
    """A lock on a file, which is made if need be, held until it is closed; None if another process has it."""
    lock = open(path, "w")  # noqa: SIM115 - held until closed
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
