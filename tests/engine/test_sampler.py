"""Group sampling: what comes back is what the weights say, whatever else is in the batch."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import GroupRequest, Sampling
from prorl.policy.tree import PackedTrees, Tree
from prorl.recipe.schema import Compute
from prorl.tasks.contract import Message


@pytest.fixture
def engine(tiny_model: Path) -> LocalEngine:
    return LocalEngine(tiny_model, Compute(precision="fp32", concurrent_samples=12), seed=5)


def requests(engine: LocalEngine, count: int) -> list[GroupRequest]:
    texts = ["abc", "a longer prompt", "x"] * count
    return [GroupRequest(key, tuple(engine.policy.tokenizer.encode(texts[key]))) for key in range(count)]


def test_logprobs_are_the_trainers(engine: LocalEngine) -> None:
    sampling = Sampling(samples=4, temperature=1.3, max_new_tokens=9)
    groups = list(engine.sample(requests(engine, 5), sampling))
    trees = [Tree(g.request.prompt, [c.tokens for c in g.completions]) for g in groups]
    with torch.no_grad():
        expected, _ = engine.policy.logprobs(PackedTrees.of(trees), sampling.temperature)
    found = torch.tensor([p for g in groups for c in g.completions for p in c.logprobs])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_every_request_comes_back_once_with_all_its_completions(engine: LocalEngine) -> None:
    groups = list(engine.sample(requests(engine, 7), Sampling(4, 1.0, 6)))
    assert sorted(g.request.key for g in groups) == list(range(7))
    assert {len(g.completions) for g in groups} == {4}
    assert {g.weights_version for g in groups} == {0}


def test_a_completion_ends_at_its_end_token_or_is_called_unfinished(engine: LocalEngine) -> None:
    groups = list(engine.sample(requests(engine, 6), Sampling(8, 1.0, 40)))
    completions = [c for g in groups for c in g.completions]
    ends = engine.policy.ends
    for completion in completions:
        assert completion.finished == (completion.tokens[-1] in ends)
        assert not ends & set(completion.tokens[:-1])
        assert completion.finished or len(completion.tokens) == 40
        assert len(completion.logprobs) == len(completion.tokens)
    assert {c.finished for c in completions} == {True, False}  # else this test says nothing


def test_tokens_do_not_depend_on_the_rest_of_the_batch(engine: LocalEngine) -> None:
    asked = requests(engine, 6)
    sampling = Sampling(4, 1.0, 12)
    together = {g.request.key: g.completions for g in engine.sample(asked, sampling)}
    for request in asked:
        (alone,) = engine.sample([request], sampling)
        assert [c.tokens for c in alone.completions] == [c.tokens for c in together[request.key]]


def test_seed_and_key_decide_the_tokens(tiny_model: Path, engine: LocalEngine) -> None:
    prompt = requests(engine, 1)[0].prompt
    sampling = Sampling(4, 1.0, 12)

    def tokens(of: LocalEngine, key: int) -> list[tuple[int, ...]]:
        (group,) = of.sample([GroupRequest(key, prompt)], sampling)
        return [c.tokens for c in group.completions]

    other = LocalEngine(tiny_model, Compute(precision="fp32"), seed=6)
    assert tokens(engine, 1) == tokens(engine, 1)
    assert tokens(engine, 1) != tokens(engine, 2)
    assert tokens(engine, 1) != tokens(other, 1)
    assert len(set(tokens(engine, 1))) > 1


def test_temperature_sharpens(engine: LocalEngine) -> None:
    cold = [c for g in engine.sample(requests(engine, 2), Sampling(8, 1e-4, 5)) for c in g.completions]
    assert len({c.tokens for c in cold[:8]}) == 1
    assert max(abs(p) for c in cold for p in c.logprobs) < 1e-2


_KINDS = (torch.float32, torch.bfloat16)


def test_what_lay_in_memory_before_does_not_get_into_samples(smollm2: Path) -> None:
    """Products in bf16 may read a little beyond the tokens that a branch holds; what is there must be harmless."""
    engine = LocalEngine(smollm2, Compute(precision="auto", threads=1), seed=0)
    texts = ["Count from one to ten. " * repeats for repeats in range(8, 16)]
    prompts = [tuple(engine.encode([Message("user", text)])) for text in texts]
    requests = [GroupRequest(key, prompt) for key, prompt in enumerate(prompts)]

    def sampled() -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
        groups = sorted(engine.sample(requests, Sampling(16, 1.0, 16)), key=lambda group: group.request.key)
        return [(c.tokens, c.logprobs) for group in groups for c in group.completions]

    clean = sampled()
    junk = [torch.full((1 << size,), float("nan"), dtype=kind) for size in range(8, 27) for kind in _KINDS]
    del junk
    after = sampled()
    assert all(math.isfinite(logprob) for _, logprobs in after for logprob in logprobs)
    assert after == clean
