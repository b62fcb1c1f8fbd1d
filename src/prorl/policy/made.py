"""The catalogue's model that is made on the spot: random weights that depend on a seed alone. Nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prorl.policy.cache import models_folder, publish, staging_folder
from prorl.policy.progress import Progress, silent


@dataclass(frozen=True)
class Made:
    """A model that can be made by name, and its shape; see `prorl.policy.nano`."""

    name: str
    parameters: int
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    init_std: float = 0.06
    """Three times the usual: so few and so short vectors learn twice as fast from it."""
    seed: int = 0
    licence: str = "Apache-2.0"
    wheel_bytes: int = 0


NANO = Made("nano", parameters=997_120, layers=4, hidden=128, heads=4, kv_heads=2)


def is_made(folder: Path) -> bool:
    """Whether the model is in `folder`; it is renamed there as a whole."""
    return (folder / "config.json").is_file()


def make(entry: Made, progress: Progress = silent) -> Path:
    """The folder of the entry's model in the user's cache, made first if it isn't there."""
    target = models_folder() / entry.name
    if is_made(target):
        return target
    with staging_folder(target.parent, entry.name, progress) as staging:
        if is_made(target):  # another process was faster
            return target
        progress("make")
        from prorl.policy.nano import make_nano  # brings torch and transformers: not before they are needed

        staged = make_nano(
            staging / "model", layers=entry.layers, hidden=entry.hidden, heads=entry.heads, kv_heads=entry.kv_heads,
            init_std=entry.init_std, seed=entry.seed,
        )  # fmt: skip
        publish(staged, target)
    return target
