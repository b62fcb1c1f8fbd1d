"""Length-prefixed messages over a socket, with a deadline on every read and write."""

from __future__ import annotations

import socket
import struct
import time

_HEADER = struct.Struct(">I")


class ChannelClosed(ConnectionError):
    """The other side is gone."""


class BadFrame(ValueError):
    """The other side sent something that is no message."""


def send(sock: socket.socket, payload: bytes, until: float | None = None) -> None:
    """Send one message. `until` is a `time.monotonic()` instant; None waits for ever.

    Raises TimeoutError past `until`, ChannelClosed if nobody listens.
    """
    view = memoryview(_HEADER.pack(len(payload)) + payload)
    try:
        while view:
            sock.settimeout(_remaining(until))
            view = view[sock.send(view) :]
    except TimeoutError:
        raise
    except OSError as error:
        raise ChannelClosed(str(error)) from error


def receive(sock: socket.socket, limit: int, until: float | None = None) -> bytes:
    """Receive one message of at most `limit` bytes. `until` is a `time.monotonic()` instant; None waits for ever.

    Raises TimeoutError past `until`, ChannelClosed at the end of the stream, BadFrame past `limit`.
    """
    (length,) = _HEADER.unpack(_exactly(sock, _HEADER.size, until))
    if length > limit:
        raise BadFrame(f"a message of {length} bytes where at most {limit} are allowed")
    return _exactly(sock, length, until)


def _exactly(sock: socket.socket, count: int, until: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        sock.settimeout(_remaining(until))
        try:
            part = sock.recv(min(count - len(parts), 1 << 20))
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        if not part:
            raise ChannelClosed("end of stream")
        parts += part
    return bytes(parts)


def _remaining(until: float | None) -> float | None:
    if until is None:
        return None
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
