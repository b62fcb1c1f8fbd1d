"""What a checkpoint consists of, with a hash for everything, the manifest itself included."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prorl.errors import IntegrityError, UserError
from prorl.files import sha256_of

FORMAT = 3
"""Raised whenever an older checkpoint could no longer be read as it is."""

NAME = "manifest.json"


def write(folder: Path, **facts: Any) -> None:
    """Describe all files of `folder`, and the `facts`, in a manifest there."""
    files = {file.name: sha256_of(file) for file in sorted(folder.iterdir())}
    content = {"format": FORMAT, **facts, "sha256": files}
    (folder / NAME).write_text(json.dumps({**content, "digest": _digest(content)}, indent=1), encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """The manifest of a checkpoint. Raises IntegrityError if it was altered, UserError for another format."""
    file = folder / NAME
    if not file.is_file():
        raise IntegrityError(f"{file} is missing")
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        digest = content.pop("digest", None)
        version = content["format"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise IntegrityError(f"{file} is not what was written") from None
    if version != FORMAT and (version == 1 or digest == _digest(content)):
        raise UserError(
            f"{folder} has checkpoint format {version} and this version reads {FORMAT}; go on with the version of "
            "prorl that wrote it, or begin a new run"
        )
    if digest != _digest(content):
        raise IntegrityError(f"{file} is not what was written (its digest differs)")
    return content


def verify(folder: Path) -> dict[str, Any]:
    """The manifest, after every file was held against it. Raises IntegrityError naming what is missing or altered."""
    content = read(folder)
    for name, digest in content["sha256"].items():
        if not (folder / name).is_file():
            raise IntegrityError(f"{folder / name} is missing")
        if sha256_of(folder / name) != digest:
            raise IntegrityError(f"{folder / name} is not what was written (its SHA-256 differs)")
    return content


def marks_of(logs: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Length and hash of each file that only grows, to tell later whether what it holds now was altered."""
    return {log.name: _mark(log.read_bytes()) for log in logs if log.exists()}


def check_marks(directory: Path, marks: dict[str, dict[str, Any]]) -> None:
    """Raises IntegrityError if the beginning of a growing file is no longer what it was."""
    for name, mark in marks.items():
        file = directory / name
        if not file.is_file():
            raise IntegrityError(f"{file} is missing; restore it from a copy")
        with open(file, "rb") as stream:
            if _mark(stream.read(mark["bytes"])) != mark:
                raise IntegrityError(
                    f"{file} was altered within its first {mark['bytes']} bytes; restore it from a copy"
                )


def _mark(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
