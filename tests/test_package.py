"""Facts about the package as a whole: what it declares, what it carries, and what it doesn't load."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import prorl

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = "prorl.engine.cluster."
"""Modules that need an extra; `tests/cluster` imports them all."""
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(prorl.__path__, "prorl.") if not module.name.startswith(EXTRAS)
)


def test_version_and_licence_are_stated_once_and_agree() -> None:
    assert prorl.__version__ == PROJECT["version"]
    assert PROJECT["license"] == "Apache-2.0"
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_every_requirement_has_an_upper_bound() -> None:
    extras = [requirement for group in PROJECT["optional-dependencies"].values() for requirement in group]
    ours = re.compile(r"prorl(\[|$)")
    loose = [
        item for item in (*PROJECT["dependencies"], *extras) if not ours.match(item) and not re.search("==|<", item)
    ]
    assert loose == []


def test_the_installed_package_carries_every_file_of_the_source() -> None:
    def files(folder: Path) -> set[str]:
        return {
            str(path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    assert files(Path(prorl.__file__).parent) == files(ROOT / "src" / "prorl")
    assert "py.typed" in files(Path(prorl.__file__).parent)


def test_the_command_can_be_called() -> None:
    module, function = PROJECT["scripts"]["prorl"].split(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports_and_says_what_it_is(name: str) -> None:
    module = importlib.import_module(name)
    source = Path(str(module.__file__)).read_text()
    assert (module.__doc__ or "").strip() or not source.strip()


@pytest.mark.parametrize("name", ["recipe", "tasks", "verify", "errors"])
def test_what_runs_without_torch_loads_without_it(name: str) -> None:
    package = f"prorl.{name}"
    inside = [module for module in MODULES if module == package or module.startswith(package + ".")]
    code = (
        "import importlib, sys\n"
        f"for name in {inside!r}: importlib.import_module(name)\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def seconds(*command: str) -> float:
    """Of a processor, the least of several tries: what the command takes where nothing else is going on."""
    tries = []
    for _ in range(5):
        before = os.times()
        subprocess.run(command, capture_output=True, check=True)
        after = os.times()
        tries.append(after.children_user - before.children_user + after.children_system - before.children_system)
    return min(tries)


def test_importing_and_asking_for_help_are_quick() -> None:
    """0.2 s and 0.5 s are promised, on top of what an empty interpreter takes to start."""
    empty = seconds(sys.executable, "-c", "pass")
    assert seconds(sys.executable, "-c", "import prorl") - empty < 0.2
    assert seconds(sys.executable, "-c", "from prorl.cli.main import app; app(['--help'])") - empty < 0.5


def test_help_needs_neither_torch_nor_the_recipes() -> None:
    code = (
        "import sys\nfrom prorl.cli.main import app\ntry: app(['train', '--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('torch', 'numpy', 'polars', 'yaml') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1] == "[]"
