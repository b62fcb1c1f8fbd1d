from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def importable_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers inherit the import path, so this lets them import `hostile_judges`."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
