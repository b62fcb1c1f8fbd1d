"""Every test starts from the same seed. Timings say nothing on a shared machine, so no property has a deadline."""

from __future__ import annotations

import pytest
import torch
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
