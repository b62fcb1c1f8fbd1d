"""The journal holds whole events whatever happens to the process that writes it."""

import json
import math
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from prorl.run import journal
from prorl.run.journal import Journal


def test_events_come_back_in_order_with_step_time_and_fields(tmp_path: Path) -> None:
    book = Journal(tmp_path / "journal.jsonl")
    book.append("start", 0, recipe="quickstart")
    book.append("reset", 7, reason="stage boundary", kl_after=0.0, clear_optimizer=True)
    start, reset = journal.read(book.path)
    assert (start["event"], start["step"], start["recipe"]) == ("start", 0, "quickstart")
    assert (reset["reason"], reset["kl_after"], reset["clear_optimizer"]) == ("stage boundary", 0.0, True)
    assert datetime.fromisoformat(reset["at"]).utcoffset().total_seconds() == 0
    assert reset["at"].endswith("Z")


def test_every_line_is_valid_json_also_for_numbers_that_are_none(tmp_path: Path) -> None:
    book = Journal(tmp_path / "journal.jsonl")
    book.append("warning", 3, kl=math.nan, worst=[math.inf, -math.inf], text="a\nb ü")
    line = book.path.read_bytes()
    assert line.count(b"\n") == 1
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    (event,) = journal.read(book.path)
    assert math.isnan(event["kl"])
    assert event["worst"] == [math.inf, -math.inf]
    assert event["text"] == "a\nb ü"


def test_a_cut_off_line_is_reported_and_never_merged_with_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).append("start", 0)
    Journal(path).append("checkpoint", 5, path="checkpoints/5")
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert [event["event"] for event in journal.read(path)] == ["start", "cut_off"]

    after = Journal(path)
    after.append("resume", 4)
    after.append("finish", 9)
    events = journal.read(path)
    assert [event["event"] for event in events] == ["start", "cut_off", "warning", "resume", "finish"]
    assert events[1]["text"] == whole.splitlines()[1][:-8].decode()
    assert "cut off after" in events[2]["message"]
    assert path.read_bytes().startswith(whole[:-9] + b"\n")


def test_a_line_that_only_lacks_its_newline_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).append("start", 0)
    path.write_bytes(path.read_bytes()[:-1])
    Journal(path).append("finish", 1)
    assert [event["event"] for event in journal.read(path)] == ["start", "finish"]


@pytest.mark.parametrize("cut", range(1, 60, 4))
def test_wherever_the_cut_falls_the_events_before_and_after_survive(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    Journal(path).append("start", 0)
    Journal(path).append("stage", 1, name="zwei ü")
    path.write_bytes(path.read_bytes()[:-cut])
    Journal(path).append("resume", 0)
    events = [event["event"] for event in journal.read(path)]
    assert events[0] == "start"
    assert events[-1] == "resume"


def test_a_first_line_that_was_cut_off_is_dated_like_the_event_after_it_or_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event": "sta')
    os.utime(path, (86_400, 86_400))
    assert journal.read(path) == [
        {"event": "cut_off", "step": 0, "at": "1970-01-02T00:00:00.000Z", "text": '{"event": "sta'}
    ]
    Journal(path).append("resume", 3)
    first, warning, _ = journal.read(path)
    assert (first["event"], first["step"], first["at"]) == ("cut_off", 3, warning["at"])


def test_reserved_fields_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'at' is written by the journal"):
        Journal(tmp_path / "journal.jsonl").append("start", 0, at="now")


def test_resume_undoes_what_came_after_its_step() -> None:
    told = [
        ("start", 0),
        ("checkpoint", 4),
        ("reset", 5),
        ("checkpoint", 8),
        ("resume", 4),
        ("reset", 5),
        ("finish", 6),
    ]
    events = [{"event": event, "step": step} for event, step in told]
    assert [(event["event"], event["step"]) for event in journal.effective(events)] == [
        ("start", 0),
        ("checkpoint", 4),
        ("resume", 4),
        ("reset", 5),
        ("finish", 6),
    ]


def test_resuming_twice_keeps_only_the_last_branch() -> None:
    told = [("a", 3), ("b", 6), ("resume", 5), ("c", 6), ("d", 9), ("resume", 2), ("e", 3)]
    events = [{"event": event, "step": step} for event, step in told]
    assert [event["event"] for event in journal.effective(events)] == ["resume", "e"]


def test_killed_while_writing_no_event_but_the_last_can_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    script = (
        "import sys; from prorl.run.journal import Journal\n"
        "book = Journal(sys.argv[1])\n"
        "for step in range(10**9):\n"
        "    book.append('tick', step, padding='x' * 3000)\n"
        "    print(step, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(30):
        acknowledged = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    Journal(path).append("resume", 0)
    ticks = [event["step"] for event in journal.read(path) if event["event"] == "tick"]
    assert ticks == list(range(len(ticks)))
    assert len(ticks) >= acknowledged + 1
