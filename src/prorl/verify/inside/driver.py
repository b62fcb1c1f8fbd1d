"""Runs a program test by test: a fresh fork for every standard input, one child for all function calls while it lives.

It holds inputs only, one at a time, and never what is expected: whoever takes it over learns nothing, and whatever they
make it say is compared outside.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from types import CodeType

from prorl.verify.inside import pipe
from prorl.verify.inside.calls import serve_calls
from prorl.verify.inside.codec import encode
from prorl.verify.inside.confine import confine
from prorl.verify.inside.program import become

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than a program to start
if TYPE_CHECKING:
    from typing import Any

_KILL = 9
"""SIGKILL; the `signal` module takes milliseconds to import."""

_NOTE = 300
"""Bytes of the last line of the error output that are passed on."""


def main(channel: int, settings: dict[str, Any]) -> None:
    """Say `confined`, then `compiled` or `broken`; then answer every request on `settings["requests"]`.

    If that is None requests come over the channel, and `begins` is said there before a process runs the program.
    """
    confine(settings)
    pipe.send(channel, encode(("confined",)))
    try:
        prelude, code = (
            compile(settings[part], f"{part}.py", "exec", dont_inherit=True) for part in ("prelude", "source")
        )
    except BaseException as error:  # noqa: BLE001 - compiling can fail in any way; that is the program's fault
        pipe.send(channel, encode(("broken", f"{type(error).__name__}: {error}"[:_NOTE])))
        return
    pipe.send(channel, encode(("compiled",)))
    _Driver([prelude, code], settings, channel).serve()


class _Driver:
    def __init__(self, code: list[CodeType], settings: dict[str, Any], channel: int) -> None:
        self.code, self.settings, self.channel = code, settings, channel
        self.requests: int = settings["requests"] or channel
        self.names: dict[str, Any] | None = None
        self.server: tuple[int, int, int] | None = None

    def serve(self) -> None:
        while (frame := pipe.receive(self.requests)) is not None:
            kind, *content = marshal.loads(frame)
            reply = encode(self._run(content[0])) if kind == "run" else self._call(marshal.dumps(content))
            pipe.send(self.requests, reply)

    def _run(self, given: bytes) -> tuple[str, Any, str]:
        """One run of the program as `__main__`: how it ended, what it wrote, the last line of its complaints."""
        files = [os.memfd_create(name) for name in ("in", "out", "err")]
        pipe_view = memoryview(given)
        while pipe_view:
            pipe_view = pipe_view[os.write(files[0], pipe_view) :]
        os.lseek(files[0], 0, os.SEEK_SET)
        names = self._prepared()
        child = self._fork()
        if child == 0:
            self._leave(files)
            become(self.code[-1], names)
        status = os.waitpid(child, 0)[1]
        self._clear(child)
        limit = self.settings["output"]
        too_much = os.fstat(files[1]).st_size > limit
        output = b"" if too_much else os.pread(files[1], limit, 0)
        note = _last_line(files[2])
        for file in files:
            os.close(file)
        if too_much:
            return "died", b"", f"more than {limit} bytes of output"
        if status != 0:
            return "died", output, note or _ending(status)
        return "finished", output, note

    def _prepared(self) -> dict[str, Any]:
        """The names that the prelude makes, made once: its imports would take longer than many a test."""
        if self.names is None:
            self.names = {}
            exec(self.code[0], self.names)
            del self.names["__builtins__"]
        return self.names

    def _call(self, request: bytes) -> bytes:
        """The child's own bytes, unread: `("value", …)` or `("raised", …)`; `("died", why)` if none came."""
        if self.server is None:
            self.server = self._start_server()
        child, to_child, from_child = self.server
        try:
            pipe.send(to_child, request)
            reply = pipe.receive(from_child, self.settings["output"])
            why = ""
        except (OSError, ValueError) as error:
            reply, why = None, str(error)
        if reply is not None:
            return reply
        self.server = None
        os.close(to_child)
        os.close(from_child)
        if why:
            os.kill(child, _KILL)
        status = os.waitpid(child, 0)[1]
        self._clear(child)
        return encode(("died", why or _ending(status)))

    def _start_server(self) -> tuple[int, int, int]:
        their_requests, our_requests = os.pipe()
        our_replies, their_replies = os.pipe()
        child = self._fork()
        if child == 0:
            null = os.open("/dev/null", os.O_RDWR)
            for ours in (our_requests, our_replies):
                os.close(ours)
            self._leave([null, null, null])
            serve_calls(self.code, self.settings["entry"], their_requests, their_replies)
            os._exit(0)
        os.close(their_requests)
        os.close(their_replies)
        return child, our_requests, our_replies

    def _fork(self) -> int:
        """Fork, and say so first: from then on the program may be what ended us.

        Leftovers of the test before may count against the limit of processes for a moment.
        """
        if self.requests == self.channel:
            pipe.send(self.channel, encode(("begins",)))
        for _ in range(20):
            try:
                return os.fork()
            except BlockingIOError:
                time.sleep(0.005)
        return os.fork()

    def _leave(self, files: list[int]) -> None:
        """In the child: a session of its own, none of the driver's channels, standard streams on `files`."""
        os.setsid()
        for private in {self.channel, self.requests}:
            os.close(private)
        for standard, file in enumerate(files):
            os.dup2(file, standard)
        for file in set(files):
            os.close(file)
        for standard, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
            stream = open(standard, mode, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def _clear(self, child: int) -> None:
        """End whatever the program left running."""
        alone = self.settings["own_processes"] and os.getpid() == 2 and os.getppid() == 1
        try:
            # With -1 this means everything but us, which is safe only in a process namespace of our own.
            os.kill(-1 if alone else -child, _KILL)
        except (ProcessLookupError, PermissionError):
            return
        try:
            while os.waitpid(-1, 0):
                pass
        except ChildProcessError:
            pass


def _last_line(file: int) -> str:
    size = os.fstat(file).st_size
    tail = os.pread(file, _NOTE, max(0, size - _NOTE)).decode("utf-8", "replace")
    return tail.rstrip().rpartition("\n")[2]


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
