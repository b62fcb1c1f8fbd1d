"""What the README and the documentation show must be true of the software."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.recipe.load import validate

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    """Name of the page and content of every code block of that language."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [(page.name, block) for page in PAGES for block in pattern.findall(page.read_text())]


@pytest.mark.parametrize(("page", "block"), blocks("yaml"))
def test_recipes_shown_are_recipes(page: str, block: str) -> None:
    whole = {"name": "x", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "a", "steps": 1}]}
    validate({**whole, **yaml.safe_load(block)}, page)


def test_the_documentation_shows_some() -> None:
    assert len(blocks("yaml")) >= 2
    assert len(blocks("sh")) >= 3


@pytest.mark.parametrize("line", sorted({line for _, block in blocks("sh") for line in block.splitlines() if line}))
def test_commands_shown_exist_with_those_options(line: str) -> None:
    """Every `prorl` command of a shell block names an existing command; those that are quick are run."""
    for part in line.split("#")[0].split("&&"):
        words = shlex.split(part)
        if words[:1] != ["prorl"]:
            assert words[:2] in (["pip", "install"], ["pytest"]), line
            continue
        quick = words[1:] in (["recipe", "show", "quickstart"], ["models", "list"])
        command = words[1:] if quick else [*(w for w in words[1:3] if w.isalpha() and w != "quickstart"), "--help"]
        if not quick and command[0] in ("train", "report"):
            command = [command[0], "--help"]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        options = [word for word in words if word.startswith("--")]
        assert all(option in done.output for option in options), done.output
