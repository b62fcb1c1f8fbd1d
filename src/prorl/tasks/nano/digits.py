"""The transformations of words, made on digits: the same rules on other symbols, for measuring transfer."""

from __future__ import annotations

from prorl.tasks.nano.strings import Strings


class Digits(Strings):
    """Level n makes n transformations of six digits: `RL:385201` → `102583=025831`."""

    symbols = "0-9"
    alphabet = "0123456789"
