"""Calling the kernels on tensors."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from prorl.kernels.build import NoKernels, compiled
from prorl.kernels.signatures import arguments_of

_SUFFIX = {torch.float32: "f32", torch.bfloat16: "bf16"}
SIDE = 32
"""Rows and columns of a block of tiles."""
_enabled = True


class Library:
    """The compiled kernels. `call` hands over tensors by address: they must be on the CPU and laid out as expected."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self.tiles = bool(library.tiles_ready())
        """Whether the kernels that need the processor's tile unit (AMX) are there."""
        self._functions: dict[tuple[str, torch.dtype], Callable[..., Any]] = {}

    def call(self, name: str, dtype: torch.dtype, *arguments: Tensor | int | float | None) -> None:
        """Run kernel `name` for tensors of `dtype`, with what `SIGNATURES` says that it takes; None is no tensor."""
        function = self._functions.get((name, dtype))
        if function is None:
            function = getattr(self._library, f"{name}_{_SUFFIX[dtype]}")
            function.restype = None
            function.argtypes = arguments_of(name)
            self._functions[name, dtype] = function
        function(*(a.data_ptr() if isinstance(a, Tensor) else a for a in arguments))


@functools.cache
def _load() -> Library | NoKernels:
    try:
        return Library(ctypes.CDLL(str(compiled())))
    except NoKernels as reason:
        return reason
    except OSError as error:
        return NoKernels(f"the compiled kernels can't be loaded: {error}")


def library(tensor: Tensor) -> Library | None:
    """The kernels, if they can work on tensors like this one."""
    if not _enabled or tensor.device.type != "cpu" or tensor.dtype not in _SUFFIX:
        return None
    loaded = _load()
    return loaded if isinstance(loaded, Library) else None


def tiles(tensor: Tensor, width: int) -> Library | None:
    """The kernels of the tile unit, if they can work on bf16 matrices like this one, summed over `width` numbers."""
    if tensor.dtype != torch.bfloat16 or width % SIDE:
        return None
    found = library(tensor)
    return found if found is not None and found.tiles else None


def required(tensor: Tensor) -> Library:
    """The kernels for a tensor like this one. Raises NoKernels where they can't be used."""
    found = library(tensor)
    if found is None:
        raise NoKernels(f"there are no kernels for {tensor.dtype} on {tensor.device}")
    return found


def enable(wanted: bool) -> None:
    """Use the kernels in this process, or only PyTorch."""
    global _enabled
    _enabled = wanted


def enabled() -> bool:
    """Whether the kernels are in use."""
    return _enabled and isinstance(_load(), Library)


def why_not() -> str | None:
    """Why there are no kernels on this machine; None if there are."""
    loaded = _load()
    return str(loaded) if isinstance(loaded, NoKernels) else None
