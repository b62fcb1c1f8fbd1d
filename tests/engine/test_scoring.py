"""Scores of given completions against the plain model, one padded-free sequence at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Given, GroupRequest, Sampling
from prorl.recipe.schema import Compute


@pytest.mark.parametrize("budget", [4, 40, 10_000])
def test_scores_are_those_of_the_plain_model(tiny_model: Path, budget: int) -> None:
    engine = LocalEngine(tiny_model, Compute(precision="fp32", train_tokens=budget), seed=0)
    given = [
        Given((5, 6, 7), ((8, 9), (10,), (), (11, 12, 13, 14))),
        Given((9,), ()),
        Given((7, 7, 7, 7), ((30, 31, 32),)),
        Given((3, 4), ((), ())),
    ]
    found = list(engine.score(given, 1.7))
    assert [len(scores) for scores in found] == [4, 0, 1, 2]
    model = engine.policy.model
    model.set_attn_implementation("eager")
    for one, scores in zip(given, found, strict=True):
        for completion, scored in zip(one.completions, scores, strict=True):
            assert len(scored.logprobs) == len(scored.entropies) == len(completion)
            with torch.no_grad():
                logs = (model(torch.tensor([[*one.prompt, *completion]])).logits[0] / 1.7).log_softmax(-1)
            for place, token in enumerate(completion):
                at = logs[len(one.prompt) - 1 + place]
                assert scored.logprobs[place] == pytest.approx(float(at[token]), abs=1e-5)
                assert scored.entropies[place] == pytest.approx(float(-(at.exp() * at).sum()), abs=1e-5)


def test_a_model_scores_what_it_sampled_as_it_sampled_it(tiny_model: Path) -> None:
    engine = LocalEngine(tiny_model, Compute(precision="fp32"), seed=0)
    (group,) = engine.sample([GroupRequest(1, (5, 6, 7))], Sampling(6, 1.3, 8))
    (scores,) = engine.score([Given((5, 6, 7), tuple(c.tokens for c in group.completions))], 1.3)
    for completion, scored in zip(group.completions, scores, strict=True):
        assert scored.logprobs == pytest.approx(completion.logprobs, abs=1e-5)
