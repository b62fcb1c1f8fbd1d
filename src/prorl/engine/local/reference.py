"""The reference policy as an artefact: its weights, its id, and the file it is kept in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from prorl.engine.local.tensors import placed, read_tensors, whole, write_tensors
from prorl.errors import IntegrityError
from prorl.policy.model import Policy


def content_id(weights: Mapping[str, Tensor]) -> str:
    """A hash of names, shapes, types and every byte of the weights: 16 hexadecimal digits of SHA-256."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = whole(weights[name].detach()).cpu().contiguous()
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


class Reference:
    """The policy that KL is measured against."""

    def __init__(self, policy: Policy) -> None:
        """`policy` is a frozen copy that nobody else holds."""
        self.policy = policy
        self.id = content_id(self.policy.parameters)

    @torch.no_grad()
    def follow(self, policy: Policy) -> None:
        """Take over the weights of `policy`."""
        for name, parameter in policy.parameters.items():
            self.policy.parameters[name].copy_(parameter)
        self.id = content_id(self.policy.parameters)

    def save(self, file: Path) -> None:
        """Write the weights in the precision that they are used in."""
        write_tensors(self.policy.parameters, file)

    @torch.no_grad()
    def load(self, file: Path, expected: str) -> None:
        """Restore; raises IntegrityError when the weights are not those of the id `expected`."""
        weights = read_tensors(file)
        found = content_id(weights)
        if found != expected:
            raise IntegrityError(f"{file}: reference policy has id {found}, expected {expected}; the file was altered")
        for name, parameter in self.policy.parameters.items():
            parameter.copy_(placed(weights[name], parameter))
        self.id = found
