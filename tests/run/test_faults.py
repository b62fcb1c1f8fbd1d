"""Damaged, missing and unwritable files: one clear line that says what, where and what to do, and nothing lost."""

from __future__ import annotations

import ctypes
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from prorl.errors import IntegrityError, UserError
from prorl.run import job, manifest
from prorl.run.loop import Loop

from .lives import Nursery
from .small import PROLONGED, SHORT, decisions, fingerprint, kept_checkpoints, recipe_of, silent

LEFT_AT = 9


@pytest.fixture(scope="module")
def whole(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "whole"
    job.start(recipe_of(nano, PROLONGED), run, silent())
    return run


@pytest.fixture(scope="module")
def left(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was left in the middle, with checkpoints of steps 8 and 9 among others."""
    run = tmp_path_factory.mktemp("runs") / "left"
    record = Loop.record

    def record_and_interrupt(self: Loop, *values: object) -> None:
        record(self, *values)  # type: ignore[arg-type]
        self.interrupt.requested = self.step == LEFT_AT

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "record", record_and_interrupt)
        assert not job.start(recipe_of(nano, PROLONGED), run, silent()).finished
    assert kept_checkpoints(run)[-2:] == [8, 9]
    return run


@pytest.fixture
def run(left: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(left, tmp_path / "run"))


def newest(run: Path) -> Path:
    return run / "checkpoints" / f"step_{LEFT_AT:06d}"


def flip(file: Path, at: float = 0.5) -> None:
    content = bytearray(file.read_bytes())
    content[int(at * (len(content) - 1))] ^= 1
    file.write_bytes(content)


def reference_of(run: Path) -> Path:
    return run / "references" / f"{manifest.read(newest(run))['reference']}.safetensors"


CHECKPOINT_FILES = ("policy.safetensors", "optimizer.safetensors", "engine.json", "state.json", "manifest.json")


@pytest.mark.parametrize("name", CHECKPOINT_FILES)
@pytest.mark.parametrize("at", [0.02, 0.5, 1.0])
def test_a_flipped_byte_in_a_checkpoint_is_found_and_the_previous_one_is_offered(
    run: Path, whole: Path, name: str, at: float
) -> None:
    flip(newest(run) / name, at)
    with pytest.raises(IntegrityError) as caught:
        job.resume(run, silent())
    message = str(caught.value)
    assert f"step_{LEFT_AT:06d}/{name}" in message
    assert "\n" not in message
    assert f"move {newest(run)} away to go on from step_000008" in message
    if at == 0.5:
        newest(run).rename(run.with_name("damaged"))
        assert job.resume(run, silent()).finished
        assert fingerprint(run) == fingerprint(whole)


def test_an_old_checkpoint_that_can_not_be_read_when_it_may_have_to_go_is_named_and_the_new_one_is_there(
    run: Path, whole: Path
) -> None:
    old = newest(run).with_name("step_000008")
    flip(old / "manifest.json")
    with pytest.raises(IntegrityError, match=rf"move {old} away and resume: no newer checkpoint needs it"):
        job.resume(run, silent())
    assert kept_checkpoints(run)[-1] > LEFT_AT
    old.rename(run.with_name("damaged"))
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)


@pytest.mark.parametrize("name", CHECKPOINT_FILES)
def test_a_missing_file_of_a_checkpoint_is_named(run: Path, name: str) -> None:
    (newest(run) / name).unlink()
    with pytest.raises(IntegrityError, match=rf"{name} is missing; move .* away to go on from step_000008"):
        job.resume(run, silent())


@pytest.mark.parametrize("at", [0.0001, 0.01, 0.5, 1.0])
def test_an_altered_reference_is_found(run: Path, at: float) -> None:
    flip(reference_of(run), at)
    with pytest.raises(IntegrityError, match=r"references/.*altered"):
        job.resume(run, silent())


def test_a_missing_reference_is_named(run: Path) -> None:
    missing = reference_of(run)
    missing.unlink()
    with pytest.raises(IntegrityError, match=rf"{missing.name} is missing: .*step_000009 needs it as reference"):
        job.resume(run, silent())


@pytest.mark.parametrize("name", ["journal.jsonl", "metrics.jsonl", "timings.jsonl", "validations.jsonl"])
def test_a_flipped_byte_or_a_loss_in_what_only_grows_is_found(run: Path, name: str) -> None:
    content = (run / name).read_bytes()
    for at in (0.05, 0.5):
        flip(run / name, at)
        with pytest.raises(IntegrityError, match=rf"{name}.*restore it from a copy"):
            job.resume(run, silent())
        (run / name).write_bytes(content)
    (run / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(IntegrityError, match=rf"{name}.*restore it from a copy"):
        job.resume(run, silent())
    (run / name).unlink()
    with pytest.raises(IntegrityError, match=rf"{name} is missing"):
        job.resume(run, silent())


def test_altered_samples_of_the_base_model_are_found_before_anything_is_compared(run: Path) -> None:
    file = run / "samples" / "base.parquet"
    flip(file, 0.3)
    with pytest.raises(IntegrityError, match=r"base\.parquet is not what was written; restore it from a copy"):
        job.resume(run, silent())


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_byte_in_the_recipe_is_an_error_or_an_edit_that_is_refused_or_told(run: Path, at: float) -> None:
    before = (run / "recipe.yaml").read_bytes()
    flip(run / "recipe.yaml", at)
    said = ""
    try:
        job.resume(run, silent())
    except (UserError, IntegrityError) as error:
        said = str(error)
    if not said:  # a change of what is still to come, which may be
        assert any(event["event"] == "edited" for event in decisions(run))
        return
    assert "\n" not in said
    (run / "recipe.yaml").write_bytes(before)
    assert job.resume(run, silent()).finished


def test_a_checkpoint_of_an_older_format_is_said_to_be_one(run: Path) -> None:
    file = newest(run) / "manifest.json"
    content = json.loads(file.read_text())
    del content["digest"]
    file.write_text(json.dumps(content | {"format": 1}))
    with pytest.raises(UserError, match=r"step_000009 has checkpoint format 1 and this version reads 3; go on with"):
        job.resume(run, silent())


def test_a_folder_that_was_begun_and_left_empty_can_be_used_again(nano: Path, tmp_path: Path) -> None:
    """A process killed before it could write its recipe leaves a skeleton."""
    for part in ("checkpoints", "rollouts"):
        (tmp_path / "run" / part).mkdir(parents=True)
    (tmp_path / "run" / ".lock").touch()
    recipe = recipe_of(nano, SHORT, stages=[{"name": "a", "steps": 1}], evaluation=None)
    assert job.start(recipe, tmp_path / "run", silent()).finished
    (tmp_path / "other" / "checkpoints").mkdir(parents=True)
    (tmp_path / "other" / "checkpoints" / "mine").touch()
    with pytest.raises(UserError, match="is not empty"):
        job.start(recipe, tmp_path / "other", silent())


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path / "errors")
    yield nursery
    nursery.close()


def test_a_disk_that_refuses_a_save_leaves_the_newest_checkpoint_whole(
    run: Path, whole: Path, nursery: Nursery
) -> None:
    """Files may not grow past a limit that policies reach and logs don't; then the limit is lifted."""
    limit = (newest(run) / "policy.safetensors").stat().st_size // 2
    nursery.begin(run, largest_file=limit)
    assert nursery.end() == 2, nursery.said()
    said = nursery.said().strip().splitlines()[-1]
    assert said.startswith("UserError: the checkpoint of step 10 could not be written")
    assert "step_000009 is whole" in said
    assert "prorl train --resume" in said
    assert kept_checkpoints(run)[-1] == 9
    assert not list((run / "checkpoints").glob(".*"))
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)


def test_a_disk_that_refuses_a_line_of_a_log_is_one_line(run: Path, whole: Path, nursery: Nursery) -> None:
    nursery.begin(run, largest_file=(run / "metrics.jsonl").stat().st_size + 10)
    assert nursery.end() == 2, nursery.said()
    said = nursery.said().strip().splitlines()[-1]
    assert said.startswith(f"UserError: {run}: File too large; make sure that it can be written and go on with: prorl")
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)


@pytest.mark.parametrize("name", ["model", "samples/trained.parquet", "report.html"])
def test_a_disk_that_refuses_what_a_finished_run_writes_is_one_line(
    whole: Path, tmp_path: Path, nursery: Nursery, name: str
) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    limit = (run / name / "model.safetensors" if name == "model" else run / name).stat().st_size // 2
    for part in ("model",) if name == "model" else ("report.html", "samples/trained.parquet", "comparison.json"):
        shutil.rmtree(run / part) if part == "model" else (run / part).unlink()
    nursery.begin(run, largest_file=limit)
    assert nursery.end() == 2, nursery.said()
    assert nursery.said().splitlines()[-1].startswith("UserError: ")
    assert "Traceback" not in nursery.said()
    assert not (run / name).exists()
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)
    assert (run / "report.html").exists()


def test_a_model_that_was_half_written_by_a_killed_process_is_written_anew(whole: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    (run / "model").rename(run / "model.partial")
    (run / "model.partial" / "model.safetensors").unlink()
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)
    assert not (run / "model.partial").exists()


def room_for(nano: Path, checkpoints: float) -> Callable[[object], SimpleNamespace]:
    from prorl.policy.shape import shape_of
    from prorl.recipe.memory import checkpoint_bytes

    shape = shape_of(str(nano))
    assert shape is not None
    return lambda path: SimpleNamespace(free=int(checkpoints * (checkpoint_bytes(shape) + 2**20)))


def test_a_run_that_the_disk_can_not_hold_is_not_begun(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", room_for(nano, 0.5))
    with pytest.raises(UserError, match=r"GiB are free and checkpoints need .* GiB \(checkpoint.keep=2"):
        job.start(recipe_of(nano, PROLONGED), tmp_path / "run", silent())
    assert not (tmp_path / "run").exists()


def test_a_disk_that_fills_up_stops_the_run_while_a_checkpoint_still_fits(
    run: Path, whole: Path, nano: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", room_for(nano, 1.5))
        result = job.resume(run, silent())
        assert result.stopped is not None
        assert result.stopped.reason.startswith("disk: ")
    assert kept_checkpoints(run)[-1] == 10
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", room_for(nano, 0.5))
        with pytest.raises(UserError, match=r"too little free space; step_000010 is whole"):
            job.resume(run, silent())
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)


@contextmanager
def permissions_count() -> Iterator[None]:
    """Also for root: without the capabilities that let it pass by them (capabilities(7): DAC_OVERRIDE, READ_SEARCH)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    without = (ctypes.c_uint32 * 6)(*before)
    without[0] &= ~0b110
    assert libc.capset(header, without) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


def test_a_run_folder_that_can_not_be_written_is_one_line(run: Path, whole: Path) -> None:
    files = [run, *run.rglob("*")]
    modes = {path: path.stat().st_mode for path in files}
    try:
        for path in files:
            path.chmod(modes[path] & ~0o222)
        with permissions_count(), pytest.raises(UserError, match=r"Permission denied; make it writable"):
            job.resume(run, silent())
        for path in files:
            path.chmod(modes[path])
        for place in (run / "checkpoints", run):
            place.chmod(0o555)
            with permissions_count(), pytest.raises(UserError, match=r"Permission denied.*prorl train --resume"):
                job.resume(run, silent())
            place.chmod(modes[place])
    finally:
        for path in files:
            if path.exists():
                path.chmod(modes[path])
    assert kept_checkpoints(run)[-1] == LEFT_AT
    assert job.resume(run, silent()).finished
    assert fingerprint(run) == fingerprint(whole)
