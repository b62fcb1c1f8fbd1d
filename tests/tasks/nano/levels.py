"""All families with their levels."""

from __future__ import annotations

from prorl.tasks.nano.family import levels, names

EACH = [(name, level) for name in names() for level in levels(name)]
"""Every family at every level."""
