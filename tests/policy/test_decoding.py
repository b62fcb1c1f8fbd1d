"""Decoding by kernels of the tile unit: the model's own hidden states, and only where a trial has shown it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    GemmaConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedConfig,
    Qwen2Config,
    Qwen3Config,
)

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import GroupRequest, Sampling
from prorl.kernels.library import tiles
from prorl.policy.branches import CacheShape
from prorl.policy.decoding import Decoder, ModelDecoder, TiledDecoder, decoding, forward, try_tiles
from prorl.policy.fuse import fuse
from prorl.policy.nano import make_nano
from prorl.policy.tree import IMPLEMENTATION, PackedTrees, Tree
from prorl.recipe.schema import Compute

pytestmark = pytest.mark.skipif(
    tiles(torch.zeros(1, dtype=torch.bfloat16), 32) is None, reason="this processor has no tile unit (AMX)"
)
SIZES = {
    "vocab_size": 90, "hidden_size": 192, "intermediate_size": 800, "num_hidden_layers": 3, "num_attention_heads": 6,
    "num_key_value_heads": 2, "head_dim": 32, "initializer_range": 0.1,
}  # fmt: skip
ROTARY = [LlamaConfig(**SIZES), MistralConfig(**SIZES, sliding_window=None), Qwen2Config(**SIZES)]
CACHE = CacheShape(3, 2, 32, torch.bfloat16)


def model_of(config: PreTrainedConfig, dtype: torch.dtype = torch.bfloat16) -> nn.Module:
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.set_attn_implementation(IMPLEMENTATION)
    fuse(model.eval())
    return model


def grown(model: nn.Module, decoder: Decoder) -> Tensor:
    """Two trees of three branches; branches leave, and a tree with another trunk takes the first one's place."""
    branches = decoder.branches(3, 3, 50, 40)
    found = []

    def plant(place: int, first: int, depth: int) -> None:
        trunk = PackedTrees.of([Tree([(first + i) % 90 for i in range(depth)])], keep_keys=True)
        forward(model, trunk.input_ids, trunk.positions, trunk)
        branches.plant(place, trunk.keys, torch.arange(depth))

    def grow(rows: list[int], steps: int) -> None:
        for step in range(steps):
            tokens = torch.tensor([(7 * row + 11 * step) % 90 for row in rows])
            positions = branches.take(torch.tensor(rows))
            found.append(decoder.advance(tokens, positions, branches).float())

    plant(0, 5, 50)
    plant(2, 60, 17)
    grow([0, 1, 2, 6, 7, 8], 18)
    grow([0, 2, 7], 20)
    plant(0, 30, 33)
    grow([7, 0, 1, 2], 2)
    return torch.cat(found)


@pytest.mark.parametrize("config", ROTARY, ids=lambda config: config.model_type)
@torch.no_grad()
def test_hidden_states_are_the_models(config: PreTrainedConfig) -> None:
    """As near to fp32 as the model's own bf16 is, on trees that come and go."""
    model, exact = model_of(config), model_of(config, torch.float32)
    for mine, other in zip(exact.parameters(), model.parameters(), strict=True):
        mine.copy_(other)  # biases begin as zeros, so give them something to do
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter)
            exact.get_parameter(name).copy_(parameter)
    assert try_tiles(model, CACHE)
    wanted = grown(exact, ModelDecoder(exact, CacheShape(3, 2, 32, torch.float32)))
    own = grown(model, ModelDecoder(model, CACHE))
    found = grown(model, TiledDecoder(model, CACHE))
    apart, own_apart = ((x - wanted).norm() / wanted.norm() for x in (found, own))
    assert apart < 1.2 * own_apart
    assert own_apart < 0.03  # else this says little


def test_a_trees_memory_is_what_it_says() -> None:
    model = model_of(LlamaConfig(**SIZES))
    for kind in (TiledDecoder, ModelDecoder):
        decoder = kind(model, CACHE)
        branches = decoder.branches(2, 3, 50, 40)
        held = [tensor for pair in (*branches.trunks, *branches.own) for tensor in pair]
        assert sum(tensor.nbytes for tensor in held) == 2 * decoder.tree_bytes(3, 50, 40)


def test_other_architectures_are_left_to_their_own_code() -> None:
    for config in (Qwen3Config(**SIZES), GemmaConfig(**SIZES)):
        model = model_of(config)
        assert not try_tiles(model, CACHE)
        with decoding(model, CACHE, try_tiles(model, CACHE), 4) as decoder:
            assert type(decoder) is ModelDecoder


def test_a_layer_that_computes_otherwise_fails_the_trial() -> None:
    model = model_of(LlamaConfig(**SIZES))
    assert try_tiles(model, CACHE)
    model.get_decoder().layers[1].mlp = Scaled(model.get_decoder().layers[1].mlp)
    assert not try_tiles(model, CACHE)


class Scaled(nn.Module):
    """A feed-forward layer with the usual parts that multiplies its output."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.gate_proj, self.up_proj, self.down_proj = inner.gate_proj, inner.up_proj, inner.down_proj

    def forward(self, x: Tensor) -> Tensor:
        return 3.0 * self.inner(x)


def test_a_sample_does_not_depend_on_the_batch(tmp_path: Path) -> None:
    engine = LocalEngine(make_nano(tmp_path / "nano", hidden=128, init_std=0.1), Compute(precision="bf16"), seed=5)
    assert engine.policy.tiled
    asked = [GroupRequest(key, tuple(range(10, 14 + 3 * key))) for key in range(6)]
    sampling = Sampling(5, 1.0, 12)
    together = {g.request.key: g.completions for g in engine.sample(asked, sampling)}
    for request in asked:
        (alone,) = engine.sample([request], sampling)
        assert [c.tokens for c in alone.completions] == [c.tokens for c in together[request.key]]
    trees = [Tree(asked[key].prompt, [c.tokens for c in together[key]]) for key in range(6)]
    with torch.no_grad():
        trained, _ = engine.policy.logprobs(PackedTrees.of(trees), 1.0)
    sampled = torch.tensor([p for key in range(6) for c in together[key] for p in c.logprobs])
    assert (trained - sampled).abs().mean() < 0.02
    ratio = (trained - sampled).double()
    assert float((ratio.exp() - 1 - ratio).mean()) < 1e-3  # the KL between the two
