"""The figure of a run: drawn from the files, the same for the same run."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from prorl.errors import UserError
from prorl.run.figure import run_figure


def test_names_every_task_and_repeats_to_the_byte(made_up_run: Callable[..., Path], tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run", tasks=("gcd", "lcm"))
    first, second = (run_figure(run, tmp_path / name) for name in ("a.svg", "b.SVG"))
    assert first.read_bytes() == second.read_bytes()
    assert ElementTree.parse(first).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    comments = first.read_text()
    for word in ("overall", "gcd", "lcm", "base", "trained", "KL to the reference"):
        assert f"<!-- {word} -->" in comments


def test_a_run_in_progress_has_curves_and_no_bars(made_up_run: Callable[..., Path], tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run", steps=5, evaluated=False)
    text = run_figure(run, tmp_path / "figures" / "a.svg").read_text()
    assert "<!-- step -->" in text
    assert "<!-- overall -->" not in text
    assert run_figure(run, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        run_figure(tmp_path, tmp_path / "a.svg")


def test_a_figure_that_can_t_be_written_is_told_in_a_line(made_up_run: Callable[..., Path], tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run")
    (tmp_path / "file").touch()
    (tmp_path / "folder.svg").mkdir()
    for path, where in (("file/a.svg", "file"), ("folder.svg", "folder.svg")):
        with pytest.raises(UserError, match=rf"{tmp_path}/{where}: (File exists|Is a directory); .* another"):
            run_figure(run, tmp_path / path)


def test_a_task_s_name_is_no_formula(made_up_run: Callable[..., Path], tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run", tasks=("gcd@$a_$b^", "lcm"))
    assert "<!-- gcd@$a_$b^ -->" in run_figure(run, tmp_path / "a.svg").read_text()
