"""What the processes of a cluster compute on."""

from __future__ import annotations

from typing import Literal

import torch


def choose(device: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    """`auto` is cuda where this process sees a GPU, and cpu elsewhere."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"
