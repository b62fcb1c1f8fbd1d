"""What a person sees of a run: complete on a small terminal, plain in a pipe, never a reason to fail."""

import io
import math
import subprocess
import sys

import pytest
from rich.console import Console

from prorl.run.progress import PlainProgress, Progress, duration, make_progress
from prorl.run.progress_live import LiveProgress, sparkline

METRICS = {
    "reward": 0.2345,
    "solved": 0.2,
    "entropy": 0.87,
    "kl": 0.0123,
    "length_mean": 14.2,
    "effective_prompts": 0.5,
}
TIMINGS = {"seconds": 6.1, "tokens_per_second": 1040.0}


def _tell(progress: Progress, steps: int = 3) -> None:
    progress.start({"run": "runs/a", "recipe": "quickstart", "total_steps": 60})
    for step in range(1, steps + 1):
        progress.phase("sampling", 96, 192)
        progress.step({**METRICS, "step": step}, TIMINGS, "warm-up", step, 60, 300.0)
    progress.event("reset: stage boundary")


def _live(width: int, height: int) -> tuple[LiveProgress, Console]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    return LiveProgress(console), console


def _picture(progress: LiveProgress, console: Console) -> list[str]:
    paper = Console(file=io.StringIO(), width=console.width, height=console.height, color_system=None)
    with paper.capture() as captured:
        paper.print(progress)
    return captured.get().splitlines()


def test_without_a_terminal_every_step_is_one_plain_line() -> None:
    out = io.StringIO()
    progress = make_progress(Console(file=out, width=40))
    assert isinstance(progress, PlainProgress)
    _tell(progress)
    progress.stop()
    lines = out.getvalue().splitlines()
    assert len(lines) == 1 + 3 + 1
    assert "\x1b" not in out.getvalue()
    assert lines[1].startswith("step  1/60  stage warm-up  reward 0.234  solved 0.200  entropy 0.870  kl 0.0123")
    assert lines[1].endswith("1,040 tok/s  eta 5m00s")
    assert lines[-1] == "* reset: stage boundary"


def test_markup_in_names_is_printed_as_it_is() -> None:
    out = io.StringIO()
    PlainProgress(Console(file=out)).event("wrote [bold]/tmp/[x].pt")
    assert out.getvalue() == "* wrote [bold]/tmp/[x].pt\n"


def test_a_terminal_gets_the_live_view() -> None:
    assert isinstance(make_progress(_live(80, 24)[1]), LiveProgress)


def test_a_run_that_goes_on_begins_where_it_is() -> None:
    progress, console = _live(80, 24)
    progress.start({"run": "runs/a", "done_steps": 250, "total_steps": 1000})
    lines = _picture(progress, console)
    progress.stop()
    assert "step 250/1000" in lines[2]
    assert "done_steps" not in "".join(lines)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (60, 20)])
def test_the_live_view_fits_and_shows_everything(width: int, height: int) -> None:
    progress, console = _live(width, height)
    _tell(progress, steps=300)
    for number in range(60):
        progress.event(f"checkpoint {number} " + "x" * 300)
    progress.phase("sampling", 96, 192)
    lines = _picture(progress, console)
    progress.stop()
    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width
    text = "\n".join(lines)
    for expected in ("300/60", "warm-up", "0.234", "0.870", "0.0123", "1,040", "sampling 96/192", "checkpoint 59"):
        assert expected in text
    assert "ETA 5m00s" in text or "ETA 4m59s" in text


def test_where_a_stage_may_end_early_total_and_time_are_the_most_they_can_be() -> None:
    out = io.StringIO()
    live, console = _live(100, 20)
    for progress in (PlainProgress(Console(file=out, width=200)), live):
        progress.start({"total_steps": 60})
        progress.step({**METRICS, "step": 7}, TIMINGS, "warm-up", 7, 60, 300.0, True)
    picture = "\n".join(_picture(live, console))
    live.stop()
    assert "step  7/≤60" in out.getvalue()
    assert "eta ≤5m00s" in out.getvalue()
    assert "step 7/≤60" in picture
    assert "ETA ≤5m00s" in picture or "ETA ≤4m59s" in picture


def test_missing_and_broken_numbers_are_shown_not_raised() -> None:
    progress, console = _live(80, 24)
    progress.start({})
    progress.step({"reward": math.nan, "kl": math.inf}, {}, "one", 1, 0, None)
    text = "\n".join(_picture(progress, console))
    progress.stop()
    progress.stop()
    assert "nan" in text
    assert "inf" in text
    assert "–" in text


def test_sparkline_spans_its_values_and_averages_long_histories() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20) == "▁▂▃▄▅▆▇█"
    assert sparkline([3, 3, 3], 20) == "▁▁▁"
    assert sparkline([], 20) == ""
    assert sparkline([0, 0, 8, 8, 0, 0, 8, 8], 4) == "▁█▁█"
    assert len(sparkline(range(1001), 40)) == 40


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (59, "59s"), (185, "3m05s"), (3599.9, "1h00m"), (7620, "2h07m"), (None, "–"), (math.nan, "–")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_the_loops_files_and_protocol_import_without_anything_heavy() -> None:
    script = (
        "import sys, prorl.run.journal, prorl.run.metrics, prorl.run.progress\n"
        "heavy = {'torch', 'rich', 'polars', 'numpy', 'plotly', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
