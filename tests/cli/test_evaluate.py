"""`prorl eval`: it samples as the recipe says, and what it measured isn't lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from prorl.boundary import samples
from prorl.cli.main import app
from prorl.errors import UserError
from prorl.recipe.load import load, to_yaml
from prorl.run import measure as measuring

ASKED = ("toy/echo", "symbols=16", "length=2", "--problems", "2", "--samples", "8", "--max-new-tokens", "1")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["eval", *map(str, words)], catch_exceptions=False)


def test_top_p_is_the_recipes(small_run: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Of a top-p of next to nothing only the likeliest token is left, and all samples of a problem are one."""
    different = {}
    for top_p in (1.0, 1e-6):
        recipe = load(str(small_run / "recipe.yaml"), [f"evaluation.top_p={top_p}"])
        file, out = tmp_path / f"{top_p}.yaml", tmp_path / f"{top_p}.parquet"
        file.write_text(to_yaml(recipe))
        assert run(tiny_model, "--recipe", file, "--out", out).exit_code == 0
        different[top_p] = samples.read(out).select("problem", "text").n_unique()
    assert different[1e-6] == 2
    assert different[1.0] > 2


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("/proc/x.parquet", "/proc/x.parquet: No such file"),
        ("file/x.parquet", "file/x.parquet: file is a file"),
        ("file/new/x.parquet", "file/new/x.parquet: Not a directory"),
        ("file", "file is there already"),
        (".", ". is there already"),
        ("x" * 300, "name too long"),
        ("x" * 250, "name too long"),
    ],
)
def test_an_out_that_cannot_be_written_is_told_before_sampling(
    out: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(UserError, match=said):
        run("nomodel", *ASKED, "--out", out)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_trying_out_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nomodel"):
        run("nomodel", *ASKED, "--out", tmp_path / "new" / "folder" / "x.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_measurement_is_told_even_if_its_samples_cannot_be_written(
    form: tuple[str, ...], tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder becomes a file while the model is sampled."""
    out = tmp_path / "folder" / "x.parquet"
    measured = measuring.measure

    def spoilt(*given: object) -> object:
        table = measured(*given)  # type: ignore[arg-type]
        out.parent.touch()
        return table

    monkeypatch.setattr(measuring, "measure", spoilt)
    done = CliRunner().invoke(app, ["eval", str(tiny_model), *ASKED, "--out", str(out), *form])
    assert isinstance(done.exception, UserError)
    assert "choose another --out" in str(done.exception)
    if form:
        assert json.loads(done.stdout)["overall"]["samples"] == 16
    else:
        assert "pass@8 [95%]" in done.stdout
