import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch

from prorl.engine.local.precision import choose
from prorl.run import diagnosis
from prorl.run.diagnosis import Line, State, diagnose


def test_everything_needed_works_here(tmp_path):
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["dependencies"]
    known = {re.sub(r"[^\w.,<>=-]", "", line) for line in importlib.metadata.requires("prorl") if ";" not in line}
    if len(known) != len(declared):
        pytest.skip("what is installed was declared by an older pyproject.toml; run pip install -e . again")
    code = "from prorl.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == list(diagnosis.LOOKS)
    assert all(line.split()[0] in ("good", "note") for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_what_is_said_is_true():
    assert diagnosis.torch().found == f"{torch.__version__} on CPU"
    assert diagnosis.threads().found.startswith(f"{torch.get_num_threads()} on {len(os.sched_getaffinity(0))} cores")
    assert diagnosis.precision().found.startswith(f"auto is {choose('auto')}, as this CPU has ")
    assert re.match(r"[\d.]+ GiB free of [\d.]+", diagnosis.memory().found)
    assert "judged 2 answers" in diagnosis.verifier().found


def test_one_broken_look_does_not_hide_the_others(monkeypatch):
    def broken():
        raise RuntimeError("two\nlines")

    monkeypatch.setitem(diagnosis.LOOKS, "torch", broken)
    monkeypatch.setitem(diagnosis.LOOKS, "verifier", lambda: Line("verifier", "not looked at"))
    found = {line.name: line for line in diagnose()}
    assert found["torch"] == Line("torch", "RuntimeError: two lines", State.BROKEN)
    assert list(found) == list(diagnosis.LOOKS)


@pytest.mark.parametrize(
    ("requires", "state", "said"),
    [
        (["torch==2.13.0", "pytest; extra == 'test'"], State.GOOD, "all 1 that are needed"),
        (["torch<1"], State.BROKEN, r"torch is 2\.13.*, needed is <1; pip install"),
        (["no-such-package>=2"], State.BROKEN, "no-such-package is missing; pip install"),
    ],
)
def test_packages_that_are_missing_or_do_not_fit_are_named(monkeypatch, requires, state, said):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requires)
    line = diagnosis.packages()
    assert line.state is state
    assert re.match(said, line.found)


def test_extras_are_named_with_whether_they_are_there(monkeypatch):
    requires = ["torch; extra == 'a'", "no-such-package; extra == 'b'", "torch; extra == 'b'", "torch; extra == 'dev'"]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requires)
    assert diagnosis.optional() == Line("optional", "a yes, b no", State.NOTE)


def test_little_room_is_a_note_that_says_how_much_is_needed(monkeypatch):
    monkeypatch.setattr(diagnosis, "_memory", lambda: (4 * diagnosis.GIB, diagnosis.GIB))
    assert diagnosis.memory() == Line(
        "memory", "1.0 GiB free of 4.0; training the smallest model takes about 2", State.NOTE
    )
    usage = shutil.disk_usage(".")._replace(free=diagnosis.GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert diagnosis.disk().state is State.NOTE


def test_a_cache_that_cannot_be_written_to_is_broken(monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    line = diagnosis.models()
    assert (line.state, "can't be written to" in line.found) == (State.BROKEN, True)


def test_a_machine_without_a_sandbox_is_told_what_that_means(monkeypatch):
    from prorl.verify import sandbox

    reasons = {sandbox.Tier.BUBBLEWRAP: "no bwrap", sandbox.Tier.NAMESPACES: "not\npermitted"}
    monkeypatch.setattr(sandbox, "probe", lambda: sandbox.Probed(sandbox.Tier.LIMITS, reasons))
    line = diagnosis.sandbox()
    assert line.state is State.NOTE
    assert (
        "code tasks are refused (bubblewrap doesn't work: no bwrap; namespaces doesn't work: not permitted)"
        in line.found
    )
