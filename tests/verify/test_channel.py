import socket
import struct
import threading
import time

import pytest

from prorl.verify.channel import BadFrame, ChannelClosed, receive, send


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def soon(seconds: float = 0.2) -> float:
    return time.monotonic() + seconds


def test_messages_of_any_size_arrive_whole(ends):
    ours, theirs = ends
    messages = [b"", b"x", b"y" * 3_000_000]
    sender = threading.Thread(target=lambda: [send(ours, message) for message in messages])
    sender.start()
    assert [receive(theirs, 1 << 24) for _ in messages] == messages
    sender.join()


def test_silence_ends_at_the_deadline(ends):
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(ends[0], 100, soon())
    assert 0.2 <= time.monotonic() - begin < 5


def test_half_a_message_ends_at_the_deadline_too(ends):
    ends[1].sendall(struct.pack(">I", 10) + b"12345")
    with pytest.raises(TimeoutError):
        receive(ends[0], 100, soon())


def test_a_drip_of_bytes_does_not_move_the_deadline(ends):
    ends[1].sendall(struct.pack(">I", 1000))
    stop = threading.Event()

    def drip():
        while not stop.wait(0.02):
            ends[1].send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(ends[0], 2000, soon())
    stop.set()
    dripping.join()
    assert time.monotonic() - begin < 5


def test_a_listener_that_does_not_read_ends_the_sending_at_the_deadline(ends):
    with pytest.raises(TimeoutError):
        send(ends[0], b"x" * 10_000_000, soon())


def test_a_message_past_the_limit_is_refused_before_it_is_read(ends):
    ends[1].sendall(struct.pack(">I", 4_000_000_000))
    with pytest.raises(BadFrame, match="4000000000 bytes where at most 100"):
        receive(ends[0], 100, soon())


def test_a_closed_end_is_noticed_in_both_directions(ends):
    ends[1].close()
    with pytest.raises(ChannelClosed):
        receive(ends[0], 100, soon())
    with pytest.raises(ChannelClosed):
        send(ends[0], b"x", soon())
