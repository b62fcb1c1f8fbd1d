"""What a self-test reports: one line a question, with the number measured and the range wanted."""

from __future__ import annotations

from dataclasses import dataclass

from prorl.boundary.plain import Plain


@dataclass(frozen=True, slots=True)
class Line(Plain):
    """A measured number and the range, ends included, that it must lie in."""

    name: str
    measured: float
    low: float
    high: float

    @property
    def ok(self) -> bool:
        """Whether it does."""
        return bool(self.low <= self.measured <= self.high)

    @property
    def wanted(self) -> str:
        """The range in words."""
        if self.low == self.high:
            return f"{self.low:g}"
        if self.low == float("-inf"):
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == float("inf") else f"{self.low:g} to {self.high:g}"

    def to_dict(self) -> dict[str, object]:
        """Without the ends, which JSON can't hold where they are infinite."""
        return {"name": self.name, "measured": float(self.measured), "wanted": self.wanted, "ok": self.ok}


def at_most(name: str, measured: float, high: float) -> Line:
    """A line with an upper end only."""
    return Line(name, float(measured), float("-inf"), high)


def at_least(name: str, measured: float, low: float) -> Line:
    """A line with a lower end only."""
    return Line(name, float(measured), low, float("inf"))


@dataclass(frozen=True, slots=True)
class SelfTest(Plain):
    """All lines of a self-test."""

    lines: tuple[Line, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether every line is."""
        return all(line.ok for line in self.lines)

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("ok",)
