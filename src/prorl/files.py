"""Files that must be on the disk, and be what they were."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

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
