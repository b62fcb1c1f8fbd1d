"""Tensors that may be held in shards, and their files: a full disk is an OSError, a damaged file an IntegrityError."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor

from prorl.errors import IntegrityError


def whole(tensor: Tensor) -> Tensor:
    """The tensor; one in shards is gathered, and every process that holds a shard must ask for it at the same time."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def placed(tensor: Tensor, like: Tensor) -> Tensor:
    """`tensor` on the device and in the shards of `like`. A whole tensor is cut by each process for itself."""
    if not isinstance(like, DTensor):
        return tensor.to(like.device)
    if isinstance(tensor, DTensor):
        return tensor
    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


def write_tensors(tensors: Mapping[str, Tensor], file: Path) -> None:
    """Write a safetensors file. Raises OSError where the disk refuses it."""
    try:
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, file)
    except SafetensorError as error:
        raise OSError(f"{file.name}: {error}") from error


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Read a safetensors file. Raises IntegrityError where it can't be one that was written here."""
    try:
        return load_file(file)
    except SafetensorError as error:
        raise IntegrityError(f"{file} was altered: {error}") from None
