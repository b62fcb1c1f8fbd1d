"""The terminal view: true to the files, never larger than the terminal, and gone when told to."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.errors import UserError
from prorl.recipe.stages import Target, Until
from prorl.run.blocks import columns, drawn
from prorl.run.watch_data import Watched
from prorl.run.watch_parts import task_lines
from prorl.run.watch_view import View


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 12), (151, 24), (300, 100)])
def test_the_view_is_as_large_as_the_terminal(small_run: Path, width: int, height: int) -> None:
    lines = View(Watched(small_run).look()).lines(width, height)
    assert len(lines) == height
    assert [line.plain for line in lines if line.cell_len > width] == []
    texts = [line.plain for line in lines]
    assert "finished" in texts[0]
    assert "step 4/4" in texts[1]
    if (width, height) in ((80, 24), (200, 50)):
        said = "\n".join(texts)
        for words in ("reward", "KL to reference", "▼", "solved by task", "echo", "last rollouts", "journal", "finish"):
            assert words in said, words


@pytest.mark.parametrize("path", ["/a/folder/far/away/that/holds/many/runs1", "/runs/" + "long-" * 20])
def test_a_long_path_leaves_room_for_the_state(small_run: Path, path: str) -> None:
    seen = replace(Watched(small_run).look(), path=Path(path))
    for width in (24, 40, 60):
        head = View(seen).lines(width, 12)[0]
        assert head.cell_len <= width
        assert "  finished" in head.plain
    assert View(seen).lines(100, 12)[0].plain.startswith(path if len(path) == 40 else "…/long-long-")


def test_while_a_stage_may_end_early_steps_and_time_are_the_most_they_can_be(small_run: Path) -> None:
    seen = Watched(small_run).look()
    *others, last = seen.recipe.stages
    until = Until(target=Target(at_least=0.5))
    stages = [*others, last.model_copy(update={"until": until})]
    open_ended = replace(seen, recipe=seen.recipe.model_copy(update={"stages": stages}))
    over = [place for place, event in enumerate(seen.events) if event["event"] == "stage_end"]
    under_way = replace(open_ended, events=seen.events[: over[-1]])
    bars = [View(one).lines(80, 12)[1].plain for one in (seen, open_ended, under_way)]
    assert ["step 4/4" in bar for bar in bars] == [True, True, False]
    assert "step 4/≤4" in bars[2]
    assert "ETA ≤" in bars[2]


def test_snapshot_of_a_finished_run(small_run: Path) -> None:
    done = CliRunner().invoke(app, ["watch", str(small_run), "--json"])
    found = json.loads(done.stdout)
    assert (found["state"], found["stage"], found["step"], found["total_steps"]) == ("finished", "two", 4, 4)
    assert found["resets"] == [2]
    assert found["eta_seconds"] is None
    assert found["metrics"]["step"] == 4
    assert found["validation"]["step"] == 4


def test_a_run_that_nobody_works_on_is_stopped_and_grows_before_ones_eyes(small_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    whole = {name: (run / name).read_bytes().splitlines(keepends=True) for name in ("journal.jsonl", "metrics.jsonl")}
    (run / "metrics.jsonl").write_bytes(b"".join(whole["metrics.jsonl"][:2]))
    (run / "journal.jsonl").write_bytes(b"".join(whole["journal.jsonl"][:-1]))
    watched = Watched(run)
    assert (watched.look().state, watched.look().step) == ("stopped", 2)
    with open(run / "metrics.jsonl", "ab") as file:
        file.write(whole["metrics.jsonl"][2] + b'{"step": 4, "rew')
    assert watched.look().step == 3, "a line that is being written is none yet"
    with open(run / "journal.jsonl", "ab") as file:
        file.write(whole["journal.jsonl"][-1])
    assert watched.look().state == "finished"


def test_of_all_rollouts_only_the_newest_are_kept_in_mind(small_run: Path, tmp_path: Path) -> None:
    """Thousands of steps are watched, each with a file of its own."""
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    whole = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    watched = Watched(run)
    for steps in range(1, len(whole) + 1):
        (run / "metrics.jsonl").write_bytes(b"".join(whole[:steps]))
        seen = watched.look()
    assert seen.rollouts
    assert len(list((run / "rollouts").iterdir())) > 1
    assert len([path for path in watched._read if path.parent.name == "rollouts"]) == 1


def test_stages_that_ended_early_shorten_the_run(small_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    recipe = (run / "recipe.yaml").read_text().replace("steps: 2", "steps: 10")
    (run / "recipe.yaml").write_text(recipe)
    events = [line for line in (run / "journal.jsonl").read_text().splitlines() if json.loads(line)["step"] <= 2]
    (run / "journal.jsonl").write_text("\n".join(events) + "\n")
    assert Watched(run).look().total == 12


def test_once_prints_it_without_control_codes(small_run: Path) -> None:
    done = CliRunner().invoke(app, ["watch", str(small_run), "--once"])
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "finished" in done.output


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        Watched(tmp_path)


def test_it_leaves_the_terminal_as_it_was_at_q_and_at_ctrl_c(small_run: Path) -> None:
    for key in (b"q", b"\x03", b"\x1b"):
        child, terminal = pty.fork()
        if child == 0:
            code = "import sys; sys.argv[0] = 'prorl'; from prorl.cli.main import main; main()"
            os.environ.update(TERM="xterm", COLUMNS="80", LINES="24")
            os.execv(sys.executable, [sys.executable, "-c", code, "watch", str(small_run), "--every", "0.1"])
        seen = b""
        deadline = time.monotonic() + 60
        while b"journal" not in seen and time.monotonic() < deadline:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 65536)
        os.write(terminal, b"\x1b[A")  # an arrow begins as Escape does, and means nothing
        time.sleep(0.5)
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
        os.write(terminal, key)
        while time.monotonic() < deadline:
            try:
                if select.select([terminal], [], [], 1)[0]:
                    seen += os.read(terminal, 65536)
            except OSError:
                break
        else:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0, seen[-2000:]
        assert seen.endswith(b"\x1b[?25h\x1b[?1049l"), "the cursor and the screen from before come back"
        os.close(terminal)


def test_texts_of_models_do_not_reach_the_terminal_as_commands(small_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    last = sorted((run / "rollouts").iterdir())[-1]
    completion = {"text": "\x1b[2J[bold]x[/bold]\nrest", "outcome": "wrong"}
    last.write_text(json.dumps({"task": "toy/echo", "question": "q", "completions": [completion]}) + "\n")
    text = "\n".join(line.plain for line in View(Watched(run).look()).lines(100, 30))
    assert "·[2J[bold]x[/bold]⏎rest" in text


def test_levels_of_tasks_with_the_same_last_part_are_told_apart(small_run: Path) -> None:
    seen = Watched(small_run).look()
    names = [f"{domain}/generated@level{level}" for domain in ("math", "instructions") for level in (1, 2, 3)]
    seen.metrics = [{"step": 1, **{f"solved/{name}": 0.5 for name in names}}]
    lines = [line.plain for line in task_lines(seen, 80, 6)]
    assert all(any(line.startswith(f"{name} ") for line in lines) for name in names)


def test_columns_average_many_steps_and_widen_few() -> None:
    assert columns([1, 2, 3, 4], [1.0, 3.0, None, 5.0], 4, 2) == [2.0, 5.0]
    assert columns([1, 2], [1.0, 3.0], 2, 4) == [1.0, 1.0, 3.0, 3.0]
    assert columns([2], [3.0], 4, 4) == [None, 3.0, None, None]
    assert columns([], [], 0, 4) == []


def test_bars_span_lowest_to_highest() -> None:
    assert drawn([0.0, 0.5, 1.0, None]) == ["▁▅█ "]
    assert drawn([0.0, 1.0], height=2) == [" █", "▁█"]
    assert drawn([0.25], low=0.0, high=1.0) == ["▃"]
    assert drawn([2.0, 2.0]) == ["▁▁"]
    assert drawn([None, None], height=2) == ["  ", "  "]
