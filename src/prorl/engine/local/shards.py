"""Checkpoints in shards: each process writes what it holds, and any number of processes reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from prorl.errors import IntegrityError, lines_of

_WEIGHTS, _MOMENTS = "weights/", "moments/"


def are_in(folder: Path) -> bool:
    """Whether the folder holds a checkpoint in shards."""
    return (folder / ".metadata").is_file()


def write(folder: Path, weights: Mapping[str, Tensor], moments: Mapping[str, Tensor]) -> None:
    """Write what this process holds of them; every process of the group must call it. Raises OSError."""
    state = {_WEIGHTS + name: tensor.detach() for name, tensor in weights.items()}
    state |= {_MOMENTS + name: tensor for name, tensor in moments.items()}
    try:
        save(state, storage_writer=FileSystemWriter(folder), no_dist=not dist.is_initialized())
    except CheckpointException as error:
        raise OSError(_reason(error)) from error


def read(folder: Path, masters: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights and moments, each in the shards (or whole) of the master weight that it belongs to.

    Raises IntegrityError where the folder holds something else, and OSError.
    """
    reader = FileSystemReader(folder)
    state: dict[str, Tensor] = {}
    for key, stored in reader.read_metadata().state_dict_metadata.items():
        kind, name = key.split("/", 1)
        master = masters.get(name if kind == _WEIGHTS[:-1] else name.partition("/")[2])
        if not isinstance(stored, TensorStorageMetadata) or master is None:
            raise IntegrityError(f"{folder}: {key!r} is on one side only; it belongs to another model")
        dtype = stored.properties.dtype
        same = tuple(stored.size) == tuple(master.shape)
        state[key] = torch.empty_like(master.detach(), dtype=dtype) if same else torch.empty(stored.size, dtype=dtype)
    try:
        load(state, storage_reader=reader, no_dist=not dist.is_initialized())
    except CheckpointException as error:
        raise OSError(_reason(error)) from error
    weights = {key.removeprefix(_WEIGHTS): value for key, value in state.items() if key.startswith(_WEIGHTS)}
    moments = {key.removeprefix(_MOMENTS): value for key, value in state.items() if key.startswith(_MOMENTS)}
    return weights, moments


def _reason(error: CheckpointException) -> str:
    """What the first process that failed said, in one line."""
    first = next(iter(getattr(error, "failures", {}).values()), error)
    return lines_of(first[0] if isinstance(first, tuple) else first)[-1]
