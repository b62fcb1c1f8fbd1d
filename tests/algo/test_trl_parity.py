"""Our losses against TRL's own, on the same tensors. Needs the `bench` extra."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.aggregate import token_weights, weighted_sum
from prorl.algo.kl import kl_values
from prorl.algo.losses import policy_loss
from prorl.algo.packed import Segments

trl = pytest.importorskip("trl", reason="TRL is not installed: pip install 'prorl[bench]'")

BETA, LOW, HIGH, LONGEST = 0.04, 0.2, 0.28, 12
CASES = {
    "grpo": ("clip", "sequence_mean", HIGH),
    "dapo": ("clip", "token_mean", HIGH),
    "bnpo": ("clip", "token_mean", HIGH),
    "dr_grpo": ("clip", "constant_length", HIGH),
    "gspo": ("gspo", "sequence_mean", 4e-2),
    "cispo": ("cispo", "token_mean", 4.0),
}


def trl_loss(name: str, new, old, ref, advantages, mask):
    """TRL's `_compute_loss` on padded `[samples, longest]` tensors, its model call replaced by `new` itself."""
    from accelerate import Accelerator

    kind, _, high = CASES[name]
    trainer = object.__new__(trl.GRPOTrainer)
    trainer.__dict__ |= {
        "accelerator": Accelerator(cpu=True),
        "args": SimpleNamespace(delta=None, use_bias_correction_kl=False, steps_per_generation=1),
        "beta": BETA,
        "epsilon_low": LOW,
        "epsilon_high": 1 + high if kind == "cispo" else high,
        "loss_type": "grpo" if kind == "gspo" else name,
        "importance_sampling_level": "sequence" if kind == "gspo" else "token",
        "max_completion_length": LONGEST,
        "model": SimpleNamespace(training=False),
        "aux_loss_enabled": False,
        "use_vllm": False,
        "top_entropy_quantile": 1.0,
        "off_policy_mask_threshold": None,
        "current_gradient_accumulation_steps": 1,
        "_entropy_bonus_enabled": False,
        "_metrics": {"train": defaultdict(list), "eval": defaultdict(list)},
        "_get_per_token_logps_and_entropies": lambda *_, **__: (new, torch.zeros_like(new), None),
    }
    ids = torch.zeros(mask.shape, dtype=torch.long)
    inputs = {
        "prompt_ids": ids[:, :1],
        "prompt_mask": torch.ones_like(ids[:, :1]),
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": advantages,
        "old_per_token_logps": old,
        "ref_per_token_logps": ref,
        "num_items_in_batch": mask.sum(),
    }
    return trainer._compute_loss(None, inputs)


@pytest.mark.parametrize("name", CASES)
@given(
    lengths=st.lists(st.integers(1, LONGEST), min_size=1, max_size=6),
    spread=st.sampled_from([0.0, 0.05, 0.5, 2.0]),
    seed=st.integers(0, 2**31),
)
def test_loss_with_k3_and_its_gradient_equal_trl_s(name, lengths, spread, seed):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    layout = Segments.of_lengths(torch.tensor(lengths))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    shape = (len(lengths), max(lengths))
    old = -normal(*shape).abs()
    new = (old + spread * normal(*shape)).requires_grad_()
    ref, adv = old + spread * normal(*shape), normal(len(lengths))
    kind, how, high = CASES[name]
    low = 1.0 if kind == "cispo" else LOW
    ours = policy_loss(new[mask], old[mask], layout.spread(adv), layout, kind, low, high).values
    ours = weighted_sum(ours + BETA * kl_values(new[mask], ref[mask], "k3"), token_weights(layout, how, None, LONGEST))
    theirs = trl_loss(name, new, old, ref, adv, mask.long())
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
    gradients = [torch.autograd.grad(loss, new)[0] for loss in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)
