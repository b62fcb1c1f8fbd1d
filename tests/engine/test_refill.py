"""Completions leave the batch and prompts join it; none of that shows in what is sampled."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from prorl.engine.local import prefill as prefilling
from prorl.engine.local import sampler
from prorl.engine.local.engine import LocalEngine
from prorl.engine.local.prefill import families, prefill
from prorl.engine.protocol import GroupRequest, Sampling
from prorl.policy.decoding import ModelDecoder
from prorl.recipe.schema import Compute

pytestmark = pytest.mark.usefixtures("with_and_without_kernels")
PROMPTS = [tuple(range(10, 10 + 3 * length)) for length in (1, 4, 2, 7, 3, 5, 6, 2)]


def engine_with(model: Path, **compute: object) -> LocalEngine:
    return LocalEngine(model, Compute(precision="fp32", **compute), seed=5)


def completions(engine: LocalEngine, sampling: Sampling) -> dict[int, list[tuple[int, ...]]]:
    asked = [GroupRequest(key, prompt) for key, prompt in enumerate(PROMPTS)]
    return {g.request.key: [c.tokens for c in g.completions] for g in engine.sample(asked, sampling)}


def test_neither_room_nor_order_shows_in_the_tokens(tiny_model: Path) -> None:
    sampling = Sampling(3, 1.0, 14)
    wide = completions(engine_with(tiny_model), sampling)
    assert sorted(wide) == list(range(len(PROMPTS)))
    assert len({len(tokens) for group in wide.values() for tokens in group}) > 3  # they end at different times
    assert completions(engine_with(tiny_model, concurrent_samples=1), sampling) == wide
    assert completions(engine_with(tiny_model, concurrent_samples=7), sampling) == wide
    assert completions(engine_with(tiny_model, cache_gigabytes=1e-6), sampling) == wide


@pytest.mark.parametrize(("concurrent", "trees"), [(4, 1000), (256, 4)], ids=["of completions", "of memory"])
def test_the_batch_is_refilled_while_it_runs(tiny_model: Path, concurrent: int, trees: int) -> None:
    """With room for four of forty groups, far fewer steps are made than by waiting for whole waves to end."""
    engine = engine_with(tiny_model)
    decoder = ModelDecoder(engine.policy.model, engine.policy.cache_shape)
    room = trees * decoder.tree_bytes(1, max(map(len, PROMPTS)), 60)
    asked = [GroupRequest(key, PROMPTS[key % len(PROMPTS)]) for key in range(40)]
    batch = sampler.Batch(sampler.Sampler(engine.policy, 5, concurrent, room), decoder, asked, Sampling(1, 1.0, 60), 0)
    longest: dict[int, int] = {}
    rows: list[int] = []
    while not batch.done:
        for group in batch.advance():
            longest[group.request.key] = max(len(c.tokens) for c in group.completions)
        if batch.waiting:
            rows.append(len(batch.rows))
    waves = sum(max(longest[key] for key in range(first, first + 4)) for first in range(0, 40, 4))
    assert len(longest) == 40
    assert max(rows) <= 4
    assert sum(rows) / len(rows) > 3.5
    assert len(rows) < 0.8 * waves


def test_keys_and_values_stay_within_their_memory(tiny_model: Path) -> None:
    engine = engine_with(tiny_model)
    decoder = ModelDecoder(engine.policy.model, engine.policy.cache_shape)
    sampling = Sampling(3, 1.0, 14)
    a_tree = decoder.tree_bytes(3, 21, 14)
    assert a_tree == engine.policy.cache_shape.bytes_per_token() * (21 + 3 * 14)

    def held(concurrent: int, cache_bytes: int) -> sampler.Sampler:
        return sampler.Sampler(engine.policy, 5, concurrent, cache_bytes)

    assert held(256, 3 * a_tree).places(decoder, 8, sampling, 21) == 3
    assert held(256, 10 * a_tree).places(decoder, 8, sampling, 21) == 8
    assert held(3, 10 * a_tree).places(decoder, 8, sampling, 21) == 2
    assert held(256, 1).places(decoder, 8, sampling, 21) == 1


def test_common_beginnings_are_computed_once(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = engine_with(tiny_model).policy
    shot = tuple(range(20, 60))
    prompts = [(*shot, 1, 2), (3, 4), (*shot, 5), (*shot, 1, 2, 3), (*shot[:30], 9)]
    seen: list[int] = []
    forward = type(policy).hidden
    monkeypatch.setattr(
        type(policy), "hidden", lambda self, ids, *rest: seen.append(len(ids)) or forward(self, ids, *rest)
    )
    together = prefill(policy, prompts)
    assert seen == [sum(map(len, prompts)) - 3 * 30]  # four prompts share thirty tokens
    monkeypatch.setattr(prefilling, "LEAST_SHARED", 10**6)
    for number, prompt in enumerate(prompts):
        alone = prefill(policy, [prompt])
        torch.testing.assert_close(together.hidden[number], alone.hidden[0], atol=1e-5, rtol=1e-5)
        for (key, value), (own_key, own_value) in zip(together.keys, alone.keys, strict=True):
            at, own_at = together.tokens[number], alone.tokens[0]
            torch.testing.assert_close(key[at], own_key[own_at], atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(value[at], own_value[own_at], atol=1e-5, rtol=1e-5)


def test_families_of_prompts() -> None:
    shot = tuple(range(40))
    assert families([(*shot, 1), (9,), (*shot, 2)]) == [(40, [0, 2]), (0, [1])]
    assert families([shot, shot]) == [(39, [0, 1])]  # each keeps a token of its own
    assert families([shot[:10], shot[:10]]) == [(0, [0]), (0, [1])]  # too little to be worth it
    assert sorted(i for _, some in families([(*shot[:k], 99) for k in range(1, 40)]) for i in some) == list(range(39))


def test_more_samples_of_a_group_are_others_and_the_same_as_at_once(tiny_model: Path) -> None:
    engine = engine_with(tiny_model)
    (whole,) = engine.sample([GroupRequest(7, PROMPTS[3])], Sampling(6, 1.0, 9))
    (first,) = engine.sample([GroupRequest(7, PROMPTS[3])], Sampling(4, 1.0, 9))
    (more,) = engine.sample([GroupRequest(7, PROMPTS[3], first_sample=4)], Sampling(2, 1.0, 9))
    found = [c.tokens for c in (*first.completions, *more.completions)]
    assert found == [c.tokens for c in whole.completions]


def test_top_k_and_top_p_leave_the_likely_tokens(tiny_model: Path) -> None:
    engine = engine_with(tiny_model)
    asked = [GroupRequest(1, PROMPTS[3])]
    (greedy,) = engine.sample(asked, Sampling(3, 1.0, 6, top_k=1))
    assert len({c.tokens for c in greedy.completions}) == 1
    assert all(p == pytest.approx(0.0, abs=1e-6) for p in greedy.completions[0].logprobs)
    (nearly,) = engine.sample(asked, Sampling(3, 1.0, 6, top_p=1e-6))
    assert nearly.completions[0].tokens == greedy.completions[0].tokens
    (free,) = engine.sample(asked, Sampling(3, 1.0, 6))
    (everything,) = engine.sample(asked, Sampling(3, 1.0, 6, top_p=1.0 - 1e-12, top_k=10**4))
    assert [c.tokens for c in everything.completions] == [c.tokens for c in free.completions]


def test_a_stop_text_ends_a_completion_as_soon_as_it_stands_there(tiny_model: Path) -> None:
    engine = engine_with(tiny_model)
    asked = [GroupRequest(1, PROMPTS[3])]
    (free,) = engine.sample(asked, Sampling(4, 1.0, 20))
    texts = [engine.decode(c.tokens) for c in free.completions]
    longest = max(range(4), key=lambda i: len(texts[i]))
    stop = texts[longest][5:7]
    assert len(stop) == 2
    (stopped,) = engine.sample(asked, Sampling(4, 1.0, 20, stop=(stop,)))
    for before, after in zip(free.completions, stopped.completions, strict=True):
        text = engine.decode(before.tokens)
        if stop in text:
            assert after.finished
            assert engine.decode(after.tokens) == text[: text.index(stop) + 2]
        else:
            assert (after.tokens, after.finished) == (before.tokens, before.finished)
        # Up to rounding: a batch that others have left may be multiplied in another order.
        assert after.logprobs == pytest.approx(before.logprobs[: len(after.tokens)], abs=1e-5)
