"""One untrusted program and its tests: it runs in a sandbox, what it must answer stays here."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prorl.verify.sandbox_limits import Limits, SandboxFailed, Tier
from prorl.verify.sandbox_process import ProgramGone, Sandbox


class ProgramBroken(Exception):
    """The program is no Python, or compiling it fails; the message says how."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one test brought out. `value` is plain data or bytes, and worth nothing unless `failed` is empty."""

    value: Any
    failed: str = ""


class Program:
    """A program in a sandbox, tested as often as wanted within `limits.seconds` of its making. A context manager."""

    def __init__(self, source: str, limits: Limits, tier: Tier, entry: str = "", prelude: str = "") -> None:
        """`entry` is the function that `call` calls. What `prelude`, which is code of ours, defines the program has.

        Raises ProgramBroken, SandboxFailed, TimeoutError.
        """
        until = time.monotonic() + limits.seconds
        settings = {"source": source, "prelude": prelude, "entry": entry, "requests": None}
        self._sandbox = Sandbox("driver", settings, limits, tier, until)
        self._tier, self._may_be_running = tier, False
        try:
            _await_compiled(self._sandbox)
        except BaseException:
            self.close()
            raise

    def run(self, given: bytes) -> Ran:
        """Run it as a program of its own with `given` as standard input; the value is its standard output, bytes.

        Raises TimeoutError past the deadline, SandboxFailed if the program could not be started.
        """
        return self._asked(self._tier is Tier.LIMITS, "run", given)

    def call(self, arguments: tuple[Any, ...]) -> Ran:
        """Call its function with plain data; the value is what it returned.

        Raises TimeoutError past the deadline, SandboxFailed if the program could not be started.
        """
        return self._asked(True, "call", arguments, {})

    def close(self) -> None:
        """End it. Safe to call twice."""
        self._sandbox.close()

    def _asked(self, goes_on: bool, *request: Any) -> Ran:
        """The answer to a request, after which something of the program `goes_on`.

        While it may be running the program is to blame if the driver is gone, otherwise we are.
        """
        try:
            self._sandbox.send(*request)
            said = self._sandbox.receive()
            if said[0] == "begins":
                self._may_be_running = True
                said = self._sandbox.receive()
        except ProgramGone as gone:
            if not self._may_be_running:
                raise SandboxFailed(f"a test could not begin: {gone}") from gone
            return Ran(None, str(gone))
        self._may_be_running = self._may_be_running and goes_on
        return _ran(said)


@contextlib.contextmanager
def running(source: str, limits: Limits, tier: Tier, entry: str = "", prelude: str = "") -> Iterator[Program]:
    """A `Program` that is ended at the end of the `with` block."""
    program = Program(source, limits, tier, entry, prelude)
    try:
        yield program
    finally:
        program.close()


def checked(
    source: str, prelude: str, test: str, entry: str, limits: Limits, tier: Tier, test_packages: tuple[str, ...] = ()
) -> str:
    """Run `check(candidate)` of `test` against the function `entry` of a program; why it fails, or nothing.

    Program and test run in a sandbox each, joined by a channel for calls. The test defines `check`; it sees the names
    that `prelude` defines, and may import `test_packages`. Raises ProgramBroken, SandboxFailed, and TimeoutError
    after `limits.seconds`.
    """
    until = time.monotonic() + limits.seconds
    callee, caller = socket.socketpair()
    with callee, caller:
        program = {"source": source, "prelude": prelude, "entry": entry, "requests": callee.fileno()}
        with Sandbox("driver", program, limits, tier, until, [callee.fileno()]) as tested:
            callee.close()
            _await_compiled(tested)
            settings = {"prelude": prelude, "test": test, "entry": entry, "link": caller.fileno()}
            test_limits = Limits(limits.seconds, processes=limits.processes, packages=test_packages)
            with Sandbox("checker", settings, test_limits, tier, until, [caller.fileno()]) as tester:
                caller.close()
                said, *why = tester.receive()
    if said == "passed":
        return ""
    return str(why[0]) if why else "the test did not pass"


def _await_compiled(sandbox: Sandbox) -> None:
    try:
        said, *why = sandbox.receive()
    except ProgramGone as gone:
        raise ProgramBroken(f"compiling it ended the interpreter: {gone}") from gone
    if said != "compiled":
        raise ProgramBroken(str(why[0]) if why else said)


def _ran(said: tuple[Any, ...]) -> Ran:
    """From the driver's words: `finished` and `value` come with a value, all others with a reason."""
    kind, *content = said
    if kind in ("finished", "value") and content:
        return Ran(content[0])
    return Ran(None, str(content[-1])[:300] if content else kind)
