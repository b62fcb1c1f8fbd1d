"""Results as plain data: what a report reads and JSON holds."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np


class Plain:
    """A dataclass of results that can be written as JSON: keys become strings, tuples and arrays lists."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """All fields, and with them the properties that `derived` names."""
        fields = dataclasses.fields(cast(Any, self))
        names = [field.name for field in fields] + list(self.derived())
        return {name: plain(getattr(self, name)) for name in names}

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Properties that belong to the result as much as its fields do."""
        return ()


def plain(value: Any) -> Any:
    """`value` in lists, dicts with string keys, strings, numbers, booleans and None."""
    if isinstance(value, Plain):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return value.item() if isinstance(value, np.generic) else value
