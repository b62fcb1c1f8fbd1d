"""The laboratory measures itself: on made-up models whose truth is known, and on published counts."""

from prorl.boundary.self_test.lines import Line, SelfTest
from prorl.boundary.self_test.suite import run

__all__ = ["Line", "SelfTest", "run"]
