from __future__ import annotations

from collections.abc import Iterator

import pytest

from prorl.kernels.library import enable, enabled, why_not


@pytest.fixture(params=[True, False], ids=["kernels", "plain"])
def with_and_without_kernels(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test runs twice: with compiled kernels, which must be there, and with PyTorch alone."""
    assert why_not() is None
    enable(request.param)
    assert enabled() == request.param
    yield
    enable(True)
