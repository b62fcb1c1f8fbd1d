"""Progress is bars on a terminal and one line a step elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from prorl.policy.progress import on_terminal, silent


def shown(*, terminal: bool) -> str:
    output = io.StringIO()
    with on_terminal("[tiny]", Console(file=output, force_terminal=terminal, width=100)) as progress:
        for megabytes in range(0, 94, 31):
            progress("download", megabytes * 1_000_000, 93_000_000, "bytes")
        progress("dequantise", 272, 272, "tensors")
        progress("save")
    return output.getvalue()


def test_without_a_terminal_each_step_is_one_plain_line() -> None:
    assert shown(terminal=False).splitlines() == [
        "[tiny]: download 93 MB",
        "[tiny]: dequantise 272 tensors",
        "[tiny]: save",
    ]


def test_on_a_terminal_each_step_is_a_bar_with_its_amount() -> None:
    text = shown(terminal=True)
    assert "\x1b[" in text
    assert "[tiny]: download" in text
    assert "93/93 MB" in text
    assert "272/272 tensors" in text


def test_a_total_that_is_not_known_shows_no_amount() -> None:
    silent("download")
    output = io.StringIO()
    with on_terminal("tiny", Console(file=output, force_terminal=True, width=100)) as progress:
        progress("read")
    assert "0/0" not in output.getvalue()
