"""Trackers get the numbers that the run's files have, in the formats that their own software reads."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from prorl.errors import UserError
from prorl.run import job, metrics, tracking
from prorl.run.progress import PlainProgress
from prorl.run.tracking import TrackedRun, Trackers

from .small import SHORT, recipe_of, silent

SMALL = {
    **SHORT,
    "stages": [{"name": "one", "steps": 2}, {"name": "two", "steps": 2, "reset": {}}],
    "validation": {"every": 2, "problems_per_task": 1, "samples": 2},
    "evaluation": None,
    "checkpoint": {"every": 1},
}


OWN = """
import json

class Remembers:
    def __init__(self, run, label=""):
        self.file, self.label = run.path / "remembered.jsonl", label
        self._say(begins=run.step, name=run.settings["name"])

    def log(self, step, values):
        self._say(step=step, values=dict(values))

    def close(self):
        self._say(closed=True)

    def _say(self, **what):
        with open(self.file, "a") as file:
            file.write(json.dumps({"label": self.label, **what}) + "\\n")
"""
"""A tracker of one's own, as a recipe names it."""


def remembered(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "remembered.jsonl").read_text().splitlines()]


@pytest.fixture
def own_tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    (tmp_path / "trackers_of_ones_own.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    return {"kind": "custom", "tracker": "trackers_of_ones_own:Remembers", "options": {"label": "x"}}


def tracked(nano: Path, out: Path, *specs: dict[str, Any]) -> list[dict[str, Any]]:
    """Run with these trackers; what the run's own file of metrics holds."""
    job.start(recipe_of(nano, SMALL, trackers=list(specs)), out, silent())
    return metrics.read(out / "metrics.jsonl")


def test_one_of_ones_own(nano: Path, tmp_path: Path, own_tracker: dict[str, Any]) -> None:
    written = tracked(nano, tmp_path / "run", own_tracker)
    begins, *rows, closed = remembered(tmp_path / "run")
    assert begins == {"label": "x", "begins": 0, "name": "short"}
    assert closed == {"label": "x", "closed": True}
    whole = [row for row in rows if "reward" in row["values"]]
    assert [row["step"] for row in whole] == [1, 2, 3, 4]
    for row, record in zip(whole, written, strict=True):
        numbers = {name: value for name, value in record.items() if name not in ("step", "stage")}
        assert {name: value for name, value in row["values"].items() if not name.startswith("time/")} == numbers
        assert row["values"]["time/seconds"] > 0
    assert [row["step"] for row in rows if "reset" in row["values"]] == [2]
    assert [row["step"] for row in rows if "validation/pass_2" in row["values"]] == [0, 2, 4]


def test_tensorboard(nano: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    written = tracked(nano, tmp_path / "run", {"kind": "tensorboard"})
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    found = [(event.step, event.value) for event in events.Scalars("entropy")]
    assert found == [(record["step"], pytest.approx(record["entropy"], rel=1e-6)) for record in written]
    assert [event.step for event in events.Scalars("reset")] == [2]


def wandb_rows(content: bytes) -> Iterator[dict[str, Any]]:
    """History rows of a .wandb file: after 7 bytes of header, records in the manner of LevelDB's log.

    Blocks of 32 KiB hold fragments with a checksum (4 bytes), a length (2) and a kind: whole, first, middle, last.
    """
    from wandb.proto import wandb_internal_pb2

    place, record = 7, b""
    while place < len(content):
        if 2**15 - place % 2**15 < 7:
            place += 2**15 - place % 2**15
            continue
        length, kind = struct.unpack("<HB", content[place + 4 : place + 7])
        record += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            message = wandb_internal_pb2.Record()
            message.ParseFromString(record)
            record = b""
            items = message.history.item
            if items:
                yield {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def test_wandb_offline(nano: Path, tmp_path: Path) -> None:
    written = tracked(nano, tmp_path / "run", {"kind": "wandb", "mode": "offline"})
    (file,) = (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")
    rows = list(wandb_rows(file.read_bytes()))
    found = [(row["step"], row["entropy"]) for row in rows if "entropy" in row]
    assert found == [(record["step"], record["entropy"]) for record in written]
    start = json.loads((tmp_path / "run" / "journal.jsonl").read_text().splitlines()[0])
    assert file.name == f"run-{start['id']}.wandb", "a resume goes on with the same W&B run"


def test_trackio(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import trackio.utils

    monkeypatch.setattr(trackio.utils, "TRACKIO_DIR", tmp_path / "trackio")
    monkeypatch.setattr("trackio.sqlite_storage.TRACKIO_DIR", tmp_path / "trackio")
    written = tracked(nano, tmp_path / "run", {"kind": "trackio", "project": "tests"})
    with sqlite3.connect(tmp_path / "trackio" / "tests.db") as base:
        rows = base.execute("SELECT step, metrics FROM metrics ORDER BY step").fetchall()
    found = [(step, values["entropy"]) for step, text in rows if "entropy" in (values := json.loads(text))]
    assert found == [(record["step"], record["entropy"]) for record in written]
    assert capfd.readouterr().out == "", "standard output is for the command's own words"


def test_a_tracker_that_fails_is_left_out_and_the_others_go_on() -> None:
    class Fails:
        def log(self, step: int, values: Mapping[str, float]) -> None:
            raise ConnectionError("no route\nto host")

        def close(self) -> None:
            raise AssertionError("it was left out")

    class Good:
        def __init__(self) -> None:
            self.rows: list[tuple[int, dict[str, float]]] = []
            self.closed = False

        def log(self, step: int, values: Mapping[str, float]) -> None:
            self.rows.append((step, dict(values)))

        def close(self) -> None:
            self.closed = True

    said: list[str] = []
    good = Good()
    trackers = Trackers({"1 bad": Fails(), "2 good": good}, said.append)
    trackers.log(1, {"reward": 0.5, "stage": "one"})
    trackers.log(2, {"reward": 1})
    trackers.close()
    assert good.rows == [(1, {"reward": 0.5}), (2, {"reward": 1.0})]
    assert good.closed
    assert said == ["warning: tracker 1 bad failed and is left out from here on: ConnectionError: no route to host"]


def test_a_tracker_that_can_t_be_opened_is_left_out_and_the_run_goes_on(nano: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    trackers = [{"kind": "tensorboard", "folder": str(tmp_path / "file" / "events")}, {"kind": "tensorboard"}]
    out = io.StringIO()
    done = job.start(
        recipe_of(nano, SMALL, trackers=trackers), tmp_path / "run", PlainProgress(Console(file=out, width=200))
    )
    assert done.finished
    assert "* warning: tracker 1 tensorboard failed and is left out from here on: NotADirectoryError:" in out.getvalue()
    assert list((tmp_path / "run" / "tensorboard").iterdir())


@pytest.mark.parametrize("checkpoint", [0, 2])
def test_steps_made_again_replace_what_tensorboard_was_told(nano: Path, tmp_path: Path, checkpoint: int) -> None:
    """Also where a run died before its first checkpoint."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from prorl.recipe.tracking import TensorBoard
    from prorl.run.tracker_tensorboard import TensorBoardTracker

    for begins, ends in ((0, 4), (checkpoint, 6)):
        tracker = TensorBoardTracker(TensorBoard(kind="tensorboard"), TrackedRun(tmp_path, "id", begins, {}))
        for step in range(begins + 1, ends + 1):
            tracker.log(step, {"reward": step + begins / 10})
        tracker.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("reward")] == [1, 2, 3, 4, 5, 6]


def test_a_resumed_run_tells_trackers_where_it_stands(nano: Path, tmp_path: Path, own_tracker: dict[str, Any]) -> None:
    halt = {"custom": {"halt": {"signal": "entropy", "above": 0.0, "window": 2, "action": "stop"}}, "cooldown": 9}
    run = tmp_path / "run"
    assert not job.start(recipe_of(nano, {**SMALL, "health": halt}), run, silent()).finished
    assert job.resume(run, silent(), changed=[f"trackers=[{json.dumps(own_tracker)}]"]).finished
    begins, *rows, _ = remembered(run)
    assert begins["begins"] == 2
    assert [row["step"] for row in rows if "reward" in row["values"]] == [3, 4]


def test_a_package_that_is_not_there_is_said_before_anything_is_written(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tracking._PACKAGES, "wandb", "no_such_package_anywhere")
    with pytest.raises(UserError, match=r"pip install 'prorl\[wandb\]'"):
        tracked(nano, tmp_path / "run", {"kind": "wandb"})
    assert list(tmp_path.iterdir()) == []
