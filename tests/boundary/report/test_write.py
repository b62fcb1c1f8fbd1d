"""A report is written into a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from prorl.boundary.report.write import check_folder
from prorl.errors import UserError


@pytest.mark.parametrize("name", ["recipe.yaml", "report.html", "summary.json", "thesis.tex"])
def test_a_folder_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"source": "mine"}')
    with pytest.raises(UserError, match="choose a") as refused:
        check_folder(tmp_path)
    assert str(tmp_path) in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_run_is_refused_even_where_something_was_measured(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").touch()
    (tmp_path / "keys.json").write_text("[]")
    with pytest.raises(UserError, match="holds a run"):
        check_folder(tmp_path)


@pytest.mark.parametrize("name", ["keys.json", "measurement.json", ".lock", None])
def test_a_folder_that_is_empty_or_was_begun_is_taken(tmp_path: Path, name: str | None) -> None:
    if name is not None:
        (tmp_path / name).touch()
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()


def test_a_report_of_samples_that_lie_elsewhere_can_be_made_again(tmp_path: Path) -> None:
    (tmp_path / "report.html").touch()
    (tmp_path / "summary.json").write_text('{"source": {}, "claims": [], "verdict": []}')
    check_folder(tmp_path)
