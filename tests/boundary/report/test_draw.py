"""Figures for paper show names and commands as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from prorl.boundary.report.draw import draw
from prorl.boundary.report.figure import Figure, Series


@pytest.mark.parametrize("name", ["a$b", "a$b$", r"a$\frac$", "$_$"])
def test_a_dollar_in_a_name_is_no_formula(name: str, tmp_path: Path) -> None:
    series = [Series(model, place, (1, 2, 4), (0.1, 0.2, 0.3)) for place, model in enumerate(("base", name))]
    figure = Figure("f", f"sets, {name}", "A caption.", series, "k", "pass@k", log_x=True)
    svg, pdf = draw([figure], "f", tmp_path, f"prorl boundary base '{name}'")
    text = svg.read_text()
    assert f"<!-- {name} -->" in text
    assert f"<!-- sets, {name} -->" in text
    assert f"'{name}' -->" in text
    assert pdf.read_bytes().startswith(b"%PDF")


def test_panels_have_the_caption_that_is_true_of_all(tmp_path: Path) -> None:
    series = [Series("base", 0, (1, 2), (0.1, 0.2))]
    panels = [Figure(name, name, f"Of {name}.", series, "k", "pass@k", shared="Of each.") for name in "ab"]
    assert "Of each. Made by" in draw(panels, "f", tmp_path, "c")[0].read_text()
    assert "Of a. Made by" in draw(panels[:1], "g", tmp_path, "c")[0].read_text()
