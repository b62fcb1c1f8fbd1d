"""Learning from given answers against the plain way, going back to a checkpoint, and gradients that are not finite."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Coefficients, Example, NonFiniteGradient, TrainingGroup
from prorl.recipe.objective import Objective, Optimizer
from prorl.recipe.schema import Compute

from .test_trainer import SAMPLING, groups_of, largest_difference

SETTINGS = Optimizer(learning_rate=1e-3, max_grad_norm=0.5, weight_decay=0.01)
NO_KL = Coefficients(kl=0.0)


def an_engine(model: Path, row_tokens: int = 10_000) -> LocalEngine:
    return LocalEngine(model, Compute(precision="fp32", train_tokens=row_tokens), seed=5)


def examples_of(engine: LocalEngine) -> list[Example]:
    pairs = [("abc", "d"), ("a", "bcdefg"), ("hgfedcba", "ab"), ("bb", "ccc")]
    return [
        Example(tuple(engine.policy.tokenizer.encode(prompt)), tuple(engine.encode_answer(answer)))
        for prompt, answer in pairs
    ]


@pytest.mark.parametrize("updates", [1, 2])
@pytest.mark.parametrize("row_tokens", [1, 12, 10_000])
def test_imitation_is_cross_entropy_over_the_answers_tokens(tiny_model: Path, updates: int, row_tokens: int) -> None:
    engine = an_engine(tiny_model, row_tokens)
    examples = examples_of(engine)
    model = copy.deepcopy(engine.policy.model)
    model.set_attn_implementation("eager")
    optimizer = torch.optim.AdamW(model.parameters(), lr=SETTINGS.learning_rate, weight_decay=SETTINGS.weight_decay)
    losses: list[float] = []
    size = len(examples) // updates
    for first in range(0, len(examples), size):
        values = []
        for example in examples[first : first + size]:
            logs = model(torch.tensor([[*example.prompt, *example.answer]])).logits[0].log_softmax(-1)
            values += [-logs[len(example.prompt) - 1 + i, token] for i, token in enumerate(example.answer)]
        torch.stack(values).mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        losses += [float(value.detach()) for value in values]
    report = engine.imitate(examples, SETTINGS.model_copy(update={"updates_per_step": updates}))
    assert largest_difference(engine, model) < 2e-5
    assert report.tokens == len(losses) == sum(len(example.answer) for example in examples)
    assert math.isclose(report.loss, sum(losses) / len(losses), rel_tol=1e-5)
    assert engine.weights_version == 1


def test_an_answer_ends_with_the_end_of_turn_token(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    tokens = engine.encode_answer("ab")
    assert tokens[-1] in engine.policy.ends
    assert engine.decode(tokens) == "ab"


def test_imitating_parts_policy_and_reference(tiny_model: Path) -> None:
    """The first update of reinforcement learning after it must not be held to a KL of 0 unless there was a reset."""
    engine = an_engine(tiny_model)
    engine.imitate(examples_of(engine), SETTINGS)
    report = engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    assert not report.checked_reset
    assert report.first_log_ratio > 0
    engine.reset_reference(clear_optimizer=False)
    report = engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    assert (report.checked_reset, report.first_log_ratio) == (True, 0.0)


@pytest.mark.parametrize("clear", [True, False])
def test_a_roll_back_brings_back_weights_and_moments_and_makes_them_the_reference(
    tiny_model: Path, tmp_path: Path, clear: bool
) -> None:
    engine = an_engine(tiny_model)
    engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    engine.save(tmp_path)
    saved = copy.deepcopy(engine.policy.model)
    first = next(iter(engine.optimizer.masters.values()))
    moments = {name: value.clone() for name, value in engine.optimizer._adam.state[first].items()}
    for seed in (1, 2):
        engine.update(groups_of(engine, 2, seed=seed), Objective(), SETTINGS, SAMPLING, NO_KL)
    assert largest_difference(engine, saved) > 0
    version = engine.weights_version
    identity = engine.roll_back(tmp_path, clear_optimizer=clear)
    assert largest_difference(engine, saved) == 0
    assert engine.weights_version == version + 1  # no two policies share a version
    assert engine.reference_id == identity
    state = engine.optimizer._adam.state[first]
    assert (state == {}) if clear else all(state[name].equal(moments[name]) for name in moments)
    assert engine.optimizer.updates == (0 if clear else 1)
    report = engine.update(groups_of(engine, 2, seed=3), Objective(), SETTINGS, SAMPLING, NO_KL)
    assert (report.checked_reset, report.first_log_ratio) == (True, 0.0)


def spoilt(groups: list[TrainingGroup]) -> list[TrainingGroup]:
    """The last group's advantages as no number."""
    return [*groups[:-1], replace(groups[-1], advantages=(math.nan,) * len(groups[-1].advantages))]


def test_a_gradient_that_is_not_finite_moves_nothing(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    before = copy.deepcopy(engine.policy.model)
    with pytest.raises(NonFiniteGradient, match="no update was made from it"):
        engine.update(spoilt(groups_of(engine, 2)), Objective(), SETTINGS, SAMPLING, NO_KL)
    assert largest_difference(engine, before) == 0
    assert engine.weights_version == 0
    report = engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    assert report.checked_reset  # the reference is still the policy that began
    assert math.isfinite(report.grad_norm)


def test_updates_before_one_that_is_not_finite_stay_and_are_a_new_version(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    before = copy.deepcopy(engine.policy.model)
    two = SETTINGS.model_copy(update={"updates_per_step": 2})
    with pytest.raises(NonFiniteGradient):
        engine.update(spoilt(groups_of(engine, 2)), Objective(), two, SAMPLING, NO_KL)
    assert largest_difference(engine, before) > 0
    assert engine.weights_version == 1
    assert not engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL).checked_reset


def test_the_bytes_of_a_checkpoint_are_not_more_than_promised(tiny_model: Path, tmp_path: Path) -> None:
    engine = an_engine(tiny_model)
    engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    engine.save(tmp_path)
    engine.save_reference(tmp_path / "reference.safetensors")
    written = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert written <= engine.checkpoint_bytes < 1.1 * written + 2**20
