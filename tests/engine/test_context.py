"""Nothing is sampled at positions that a model doesn't have."""

from __future__ import annotations

from pathlib import Path

import pytest

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import GroupRequest, Sampling
from prorl.errors import UserError
from prorl.policy.nano import make_nano
from prorl.recipe.schema import Compute


def test_a_prompt_and_its_completion_fit_the_models_positions(tmp_path: Path) -> None:
    engine = LocalEngine(make_nano(tmp_path / "nano", context=40), Compute(precision="fp32"), seed=0)
    wanted = [GroupRequest(0, (5,) * 3), GroupRequest(1, (5,) * 30)]
    said = r"30 tokens and 11 new ones exceed the model's context of 40; .*rollout\.max_prompt_tokens.*max_new_tokens"
    with pytest.raises(UserError, match=said):
        engine.sample(wanted, Sampling(samples=2, temperature=1.0, max_new_tokens=11))
    assert len(list(engine.sample(wanted, Sampling(samples=2, temperature=1.0, max_new_tokens=10)))) == 2
