"""Reset rules of one's own that can't be asked are refused before anything is begun or changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prorl.errors import UserError
from prorl.run import job
from prorl.run.loop import Loop

from .small import SHORT, recipe_of, silent

RULES = """
bound = 0.5

def low(steps, bound=0.0):
    return None
"""
TWO = {"name": "two", "steps": 1}
WRONG = [
    ({"rule": "no_such_module:low"}, "resets.custom.mine: No module named 'no_such_module'"),
    ({"rule": "rules_of_a_test:high"}, "resets.custom.mine: module rules_of_a_test has no high"),
    ({"rule": "rules_of_a_test:low", "options": {"bund": 1}}, "mine: rules_of_a_test:low can't be called .*'bund'"),
    ({"rule": "rules_of_a_test:low", "options": {"steps": 1}}, "mine: rules_of_a_test:low can't be called .*'steps'"),
    ({"rule": "rules_of_a_test:bound"}, "mine: rules_of_a_test:bound can't be called .*not a callable"),
]


@pytest.fixture(autouse=True)
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules_of_a_test.py").write_text(RULES)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("rule", "words"), WRONG)
def test_in_a_later_stage(nano: Path, tmp_path: Path, rule: dict[str, Any], words: str) -> None:
    stages = [{"name": "one", "steps": 1}, {**TWO, "set": {"resets.custom.mine": rule}}]
    with pytest.raises(UserError, match=f"stage 'two': .*{words}") as said:
        job.start(recipe_of(nano, SHORT, stages=stages, evaluation=None), tmp_path / "run", silent())
    assert "\n" not in str(said.value)
    assert not (tmp_path / "run").exists()


def test_in_the_whole_run(nano: Path, tmp_path: Path) -> None:
    rule, words = WRONG[0]
    recipe = recipe_of(nano, SHORT, stages=[TWO], evaluation=None, resets={"custom": {"mine": rule}})
    with pytest.raises(UserError, match=words):
        job.start(recipe, tmp_path / "run", silent())
    assert not (tmp_path / "run").exists()


def test_in_an_edit(nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, record = tmp_path / "run", Loop.record

    def record_and_leave(self: Loop, *values: Any) -> None:
        record(self, *values)
        self.interrupt.requested = True

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "record", record_and_leave)
        job.start(recipe_of(nano, SHORT, stages=[{"name": "one", "steps": 1}, TWO], evaluation=None), run, silent())
    before = [(run / name).read_bytes() for name in ("recipe.yaml", "journal.jsonl")]
    for rule, words in (WRONG[0], WRONG[2]):
        with pytest.raises(UserError, match=words):
            job.resume(run, silent(), changed=[f"resets.custom={{mine: {rule}}}"])
        assert [(run / name).read_bytes() for name in ("recipe.yaml", "journal.jsonl")] == before
    right = {"rule": "rules_of_a_test:low", "options": {"bound": 0.1}}
    assert job.resume(run, silent(), changed=[f"resets.custom={{mine: {right}}}"]).finished
