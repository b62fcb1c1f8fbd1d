"""Making a small model by command: where it is put, how large it is, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.errors import UserError


def run(*words: object) -> str:
    done = CliRunner().invoke(app, ["models", "make", *map(str, words)])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_by_default_it_is_where_recipes_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRORL_CACHE", str(tmp_path))
    assert run("nano") == f"997,120 parameters in {tmp_path}/models/nano"
    assert run("nano") == run()
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "models" / "nano").num_parameters() == 997_120


def test_one_of_another_shape_goes_into_a_folder_of_its_own(tmp_path: Path) -> None:
    small = ("--layers", 1, "--hidden", 16, "--heads", 2, "--kv-heads", 1)
    out = tmp_path / "small"
    model = run("nano", *small, "--out", out)
    parameters = AutoModelForCausalLM.from_pretrained(out).num_parameters()
    assert model == f"{parameters:,} parameters in {out}"
    run("nano", *small, "--seed", 1, "--out", tmp_path / "other")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("small", "other")]
    assert weights[0] != weights[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nano", "--seed", 1), "give another a folder of its own by --out"),
        (("nano", "--heads", 3, "--out", "x"), "hidden=128, heads=3, kv_heads=2 do not fit"),
        (("nano", "--out", "."), "not empty; name a new folder"),
        (("smollm2-135m",), "no model 'smollm2-135m' can be made; there is nano"),
    ],
)
def test_what_cannot_be_made_is_one_line(
    words: tuple[object, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRORL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=said) as raised:
        run(*words)
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
