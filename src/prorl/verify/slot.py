"""One worker as seen from our side: start it, ask it, replace what hangs or dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO

from prorl.verify import channel
from prorl.verify.processes import descendants

ANSWER_LIMIT = 1 << 20
"""Bytes of the largest message accepted from a worker."""

_GRACE = 5.0
"""Seconds a keeper gets to obey. It only waits and forks, so past this it is beyond help and is killed itself."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class StartFailed(Exception):
    """A worker could not be started; the message says why."""


class Slot:
    """One worker. Use it from a single thread that outlives it: the worker is killed when that thread ends."""

    def __init__(self, judge: bytes, start_deadline: float) -> None:
        """Start the worker. `judge` is the pickled judge; `start_deadline` is in seconds.

        Raises StartFailed.
        """
        self._judge = judge
        self._start_deadline = start_deadline
        self._start()

    def ask(self, request: bytes, until: float) -> bytes:
        """Send one request and wait for its answer until the `time.monotonic()` instant `until`.

        Raises TimeoutError, ChannelClosed or BadFrame; call `replace` after any of them.
        """
        channel.send(self._job, request, until)
        return channel.receive(self._job, ANSWER_LIMIT, until)

    def replace(self, died: bool) -> str:
        """Kill all that the worker runs and put a fresh child in its place; returns how the old one ended.

        Raises StartFailed if that cannot be done.
        """
        self._job.close()
        try:
            ended = str(self._command(b"reap" if died else b"kill")["ended"])
            self._spawn()
            return ended
        except (OSError, ValueError, KeyError):
            self._kill()
            self._start()
            return "its keeper died too"

    def interrupt(self) -> None:
        """Make a pending `ask` fail at once. The only method that another thread may call."""
        with contextlib.suppress(OSError):
            self._job.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """End the worker and everything below it. Safe to call twice."""
        self._job.close()
        self._control.close()
        try:
            self._keeper.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        """End a keeper that doesn't obey, and what it has below it."""
        for process in (*descendants(self._keeper.pid), self._keeper.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._control.close()
        self._keeper.wait()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._job = socket.socket(socket.AF_UNIX)
        with tempfile.TemporaryFile() as complaints, theirs:
            self._keeper = subprocess.Popen(
                [sys.executable, "-P", "-m", "prorl.verify.worker", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env=_environment(),
            )
            theirs.close()
            until = time.monotonic() + self._start_deadline
            try:
                channel.send(self._control, self._judge, until)
                error = json.loads(channel.receive(self._control, ANSWER_LIMIT, until))["error"]
                if error is None:
                    self._spawn()
            except TimeoutError:
                error = f"not ready after {self._start_deadline:g} s"
            except (OSError, ValueError, KeyError):
                error = _last_line(complaints) or "it ended while starting"
        if error is not None:
            self._kill()
            raise StartFailed(error)

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._command(b"spawn", theirs.fileno())
        self._job = ours

    def _command(self, command: bytes, *descriptors: int) -> dict[str, object]:
        self._control.settimeout(_GRACE)
        socket.send_fds(self._control, [command], descriptors)
        reply = json.loads(channel.receive(self._control, ANSWER_LIMIT, time.monotonic() + _GRACE))
        if not isinstance(reply, dict):
            raise ValueError("a keeper's reply is a JSON object")
        return reply


def _environment() -> dict[str, str]:
    """Ours, with our import path, and one thread for numerical libraries (there is a worker for every core)."""
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path, **dict.fromkeys(_ONE_THREAD, "1")}


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read(1 << 16).decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
