"""Nothing outlives the process that made the pool, however that process ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

SCRIPT = """
import sys, time
sys.path.insert(0, {folder!r})
import hostile_judges
from prorl.verify.pool import WorkerPool

pool = WorkerPool(hostile_judges.act, workers=2, deadline=600.0)
pool.submit(None, "grandchild-hang {note}")
pool.submit(None, "hang-deaf")
time.sleep(0.3)
print("ready", flush=True)
{ending}
"""


def start(tmp_path: Path, ending: str) -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    """Run the script without a `__main__` guard until its workers are busy; returns it and all its descendants."""
    script, note = tmp_path / "script.py", tmp_path / "pid"
    script.write_text(SCRIPT.format(folder=str(Path(__file__).parent), note=note, ending=ending))
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    until = time.monotonic() + 5
    while not note.exists() or not note.read_text():
        assert time.monotonic() < until
        time.sleep(0.01)
    below = psutil.Process(process.pid).children(recursive=True)
    assert int(note.read_text()) in {child.pid for child in below}
    assert len(below) == 5, "two keepers, two children, one grandchild"
    return process, below


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_leaves_nothing(tmp_path, number):
    process, below = start(tmp_path, "time.sleep(600)")
    process.send_signal(number)
    process.wait()
    assert psutil.wait_procs(below, timeout=5)[1] == []


def test_a_parent_that_forgets_to_close_ends_and_leaves_nothing(tmp_path):
    process, below = start(tmp_path, "time.sleep(0.5)")
    assert process.wait(timeout=10) == 0
    assert psutil.wait_procs(below, timeout=5)[1] == []


def test_a_task_defined_in_the_script_itself_is_explained(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from prorl.verify.pool import WorkerPool\n"
        "def judge(problem, text): return None\n"
        "WorkerPool(judge, workers=1)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert "must be defined in a module that can be imported" in done.stderr
