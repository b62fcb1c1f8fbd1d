"""Spoiling a model folder, and the line in which it is refused then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from prorl.errors import UserError
from prorl.policy.model import Policy


def refusal(path: Path) -> str:
    """The one line in which a folder is refused."""
    with pytest.raises(UserError) as refused:
        Policy.load(path, torch.float32)
    said = str(refused.value)
    assert "\n" not in said
    assert said.startswith(f"model {path}: ")
    return said


def reconfigure(path: Path, **changes: Any) -> None:
    """Change entries of the folder's config.json."""
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | changes))
