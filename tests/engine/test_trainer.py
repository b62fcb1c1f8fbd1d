"""The update against the same mathematics written out sample by sample, token by token."""

from __future__ import annotations

import copy
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from prorl.engine.local.engine import LocalEngine
from prorl.engine.local.rows import cut
from prorl.engine.local.trainer import tree_of
from prorl.engine.protocol import Coefficients, GroupRequest, Sampling, TrainingGroup
from prorl.errors import IntegrityError
from prorl.recipe.objective import KL, Correction, Objective, Optimizer
from prorl.recipe.schema import Compute

SAMPLING = Sampling(samples=4, temperature=1.3, max_new_tokens=8)
NO_KL = Coefficients(kl=0.0)
SETTINGS = Optimizer(learning_rate=1e-3, max_grad_norm=0.5, weight_decay=0.01)


def an_engine(model: Path, row_tokens: int = 10_000) -> LocalEngine:
    return LocalEngine(model, Compute(precision="fp32", train_tokens=row_tokens), seed=5)


def groups_of(engine: LocalEngine, count: int, seed: int = 0) -> list[TrainingGroup]:
    rng = random.Random(seed)
    prompts = [engine.policy.tokenizer.encode("abcdefgh"[: rng.randint(1, 8)]) for _ in range(count)]
    sampled = engine.sample([GroupRequest(key, tuple(prompt)) for key, prompt in enumerate(prompts)], SAMPLING)
    in_order = sorted(sampled, key=lambda group: group.request.key)
    return [TrainingGroup(group, tuple(rng.uniform(-2, 2) for _ in group.completions)) for group in in_order]


def plainly(engine: LocalEngine, groups: list[TrainingGroup], objective: Objective, updates: int) -> torch.nn.Module:
    """GRPO with token-mean, clip and k2, one completion at a time; returns a copy of the model after the updates."""
    model = copy.deepcopy(engine.policy.model)
    for part in (model, reference := copy.deepcopy(engine.reference.policy.model)):
        part.set_attn_implementation("eager")
    start = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=SETTINGS.learning_rate, weight_decay=SETTINGS.weight_decay)

    def logprobs(of: torch.nn.Module, prompt: tuple[int, ...], tokens: tuple[int, ...]) -> list[torch.Tensor]:
        logs = (of(torch.tensor([[*prompt, *tokens]])).logits[0] / SAMPLING.temperature).log_softmax(-1)
        return [logs[len(prompt) - 1 + place, token] for place, token in enumerate(tokens)]

    size = len(groups) // updates
    for first in range(0, len(groups), size):
        losses = []
        for group in groups[first : first + size]:
            for completion, advantage in zip(group.sampled.completions, group.advantages, strict=True):
                prompt, tokens = group.sampled.request.prompt, completion.tokens
                with torch.no_grad():
                    olds, refs = logprobs(start, prompt, tokens), logprobs(reference, prompt, tokens)
                for new, old, ref in zip(logprobs(model, prompt, tokens), olds, refs, strict=True):
                    ratio = (new - old).exp()
                    clipped = ratio.clamp(1 - objective.clip_low, 1 + objective.clip_high)
                    surrogate = -torch.min(ratio * advantage, clipped * advantage)
                    losses.append(surrogate + objective.kl.coefficient * 0.5 * (new - ref) ** 2)
        torch.stack(losses).mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
    return model


def largest_difference(engine: LocalEngine, model: torch.nn.Module) -> float:
    others = dict(model.named_parameters())
    return max(float((p - others[name]).detach().abs().max()) for name, p in engine.policy.parameters.items())


@pytest.mark.parametrize("updates", [1, 2])
@pytest.mark.parametrize("row_tokens", [1, 25, 10_000])
def test_weights_after_the_updates_are_those_of_the_plain_way(tiny_model: Path, updates: int, row_tokens: int) -> None:
    """For every token budget, so the loss doesn't depend on how the batch is cut into rows."""
    engine = an_engine(tiny_model, row_tokens)
    objective, coefficients = Objective(kl=KL(coefficient=0.1)), Coefficients(kl=0.1)
    engine.update(groups_of(engine, 2), objective, SETTINGS, SAMPLING, coefficients)
    engine.reset_reference(clear_optimizer=True)
    engine.update(groups_of(engine, 2, seed=1), objective, SETTINGS, SAMPLING, coefficients)
    engine.optimizer.clear()
    groups = groups_of(engine, 4, seed=2)
    before = copy.deepcopy(engine.policy.model)
    expected = plainly(engine, groups, objective, updates)
    engine.update(groups, objective, SETTINGS.model_copy(update={"updates_per_step": updates}), SAMPLING, coefficients)
    assert largest_difference(engine, before) > 5e-4  # the update did something
    assert (
        largest_difference(engine, expected) < 5e-5
    )  # of steps of 1e-3 by AdamW, which divides by the gradient's size


def test_rows_keep_to_the_budget_and_lose_no_token(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    groups = groups_of(engine, 6)
    whole = [c.tokens for g in groups for c in g.sampled.completions]
    for budget in (1, 15, 30, 200):
        rows = cut([tree_of(group) for group in groups], budget)
        assert [tuple(b) for row in rows for tree in row.trees for b in tree.branches] == whole
        assert [row.first_token for row in rows] == [
            sum(sum(earlier.lengths) for earlier in rows[:number]) for number in range(len(rows))
        ]
        for row in rows:
            alone = len(row.trees) == 1 and len(row.trees[0].branches) == 1
            assert alone or sum(tree.tokens for tree in row.trees) <= budget


def test_samples_of_older_weights_are_refused(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    groups = groups_of(engine, 2)
    engine.update(groups, Objective(), SETTINGS, SAMPLING, NO_KL)
    with pytest.raises(IntegrityError, match=r"weights \[0\] came to weights 1"):
        engine.update(groups, Objective(), SETTINGS, SAMPLING, NO_KL)


def test_a_missing_sampler_logprob_is_dropped_and_counted(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    groups = groups_of(engine, 2)
    spoilt = [replace(groups[0].sampled.completions[0], logprobs=(float("nan"),) * 8)]
    tokens = len(spoilt[0].tokens)
    spoilt = [replace(spoilt[0], logprobs=spoilt[0].logprobs[:tokens])]
    sampled = replace(groups[0].sampled, completions=(*spoilt, *groups[0].sampled.completions[1:]))
    report = engine.update([replace(groups[0], sampled=sampled), groups[1]], Objective(), SETTINGS, SAMPLING, NO_KL)
    assert report.dropped_tokens == tokens
    assert report.dropped == pytest.approx(tokens / report.tokens)
    assert (report.dropped_samples, report.out_of_bounds) == (1, 0.0)
    assert report.mismatch_kl < 1e-6


def off_by(group: TrainingGroup, nats: float) -> TrainingGroup:
    """The group as if the sampler had thought its tokens less likely by so many nats."""
    completions = tuple(replace(c, logprobs=tuple(p - nats for p in c.logprobs)) for c in group.sampled.completions)
    return replace(group, sampled=replace(group.sampled, completions=completions))


def drifted(model: Path) -> LocalEngine:
    """An engine whose policy is no longer its reference."""
    engine = an_engine(model)
    engine.update(groups_of(engine, 2, seed=1), Objective(), SETTINGS, SAMPLING, NO_KL)
    return engine


def tokens_of(group: TrainingGroup) -> int:
    return sum(len(completion.tokens) for completion in group.sampled.completions)


@pytest.mark.parametrize(("kind", "nats"), [("icepop", 2.0), ("sequence_mask", 0.01)])
def test_tokens_that_a_correction_drops_are_told_and_in_no_mean(tiny_model: Path, kind: str, nats: float) -> None:
    objective = Objective(correction=Correction(kind=kind))
    engine, without = drifted(tiny_model), drifted(tiny_model)
    groups = groups_of(engine, 2, seed=2)
    report = engine.update([off_by(groups[0], nats), groups[1]], objective, SETTINGS, SAMPLING, NO_KL)
    kept = without.update(groups[1:], objective, SETTINGS, SAMPLING, NO_KL)
    share = tokens_of(groups[0]) / (tokens_of(groups[0]) + tokens_of(groups[1]))
    assert (report.out_of_bounds, report.dropped) == (pytest.approx(share), pytest.approx(share))
    assert (report.dropped_samples, report.dropped_tokens) == (4, 0)
    assert (kept.out_of_bounds, kept.dropped, kept.dropped_samples) == (0.0, 0.0, 0)
    for name in ("kl", "entropy", "clipped_low", "clipped_high", "ratio_max"):
        assert getattr(report, name) == pytest.approx(getattr(kept, name), rel=1e-5), name
    assert report.kl > 0
    apart = math.expm1(nats) - nats  # of the first group; of the other it is next to nothing
    assert report.mismatch_kl == pytest.approx(share * apart, rel=1e-3)  # the mean over all, or nobody would notice


def test_clamped_tokens_are_out_of_bounds_and_not_dropped(tiny_model: Path) -> None:
    engine = drifted(tiny_model)
    groups = groups_of(engine, 2, seed=2)
    tis = Objective(correction=Correction(kind="tis"))
    report = engine.update([off_by(groups[0], 1.0), groups[1]], tis, SETTINGS, SAMPLING, NO_KL)
    share = tokens_of(groups[0]) / report.tokens
    assert (report.out_of_bounds, report.dropped, report.dropped_samples) == (pytest.approx(share), 0.0, 0)


def test_an_update_that_every_token_was_dropped_from_says_so(tiny_model: Path) -> None:
    engine = drifted(tiny_model)
    groups = [off_by(group, 3.0) for group in groups_of(engine, 2, seed=2)]
    objective = Objective(correction=Correction(kind="icepop"))
    report = engine.update(groups, objective, SETTINGS, SAMPLING, NO_KL)
    assert (report.dropped, report.out_of_bounds, report.dropped_samples) == (1.0, 1.0, 8)
    assert report.tokens == sum(tokens_of(group) for group in groups)
    assert (report.loss, report.grad_norm) == (0.0, 0.0)
    assert all(math.isnan(value) for value in (report.kl, report.entropy, report.clipped_high, report.ratio_max))


@pytest.mark.parametrize("kind", ["tis", "icepop", "sequence_mask"])
def test_a_correction_changes_nothing_when_sampler_and_trainer_agree(tiny_model: Path, kind: str) -> None:
    plain, corrected = an_engine(tiny_model), an_engine(tiny_model)
    groups = groups_of(plain, 3)
    plain.update(groups, Objective(), SETTINGS, SAMPLING, NO_KL)
    corrected.update(groups, Objective(correction=Correction(kind=kind)), SETTINGS, SAMPLING, NO_KL)
    assert largest_difference(corrected, plain.policy.model) < 1e-5


def test_the_warm_up_is_linear_and_starts_again_when_the_optimizer_is_cleared(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    settings = SETTINGS.model_copy(update={"warmup_steps": 4})
    rates = []
    for step in range(8):
        if step == 6:
            engine.reset_reference(clear_optimizer=True)
        rates.append(engine.update(groups_of(engine, 1), Objective(), settings, SAMPLING, NO_KL).learning_rate)
    assert rates == pytest.approx([2.5e-4, 5e-4, 7.5e-4, 1e-3, 1e-3, 1e-3, 2.5e-4, 5e-4])


def test_a_warm_up_that_is_over_does_not_begin_again_with_other_settings(tiny_model: Path, tmp_path: Path) -> None:
    engine = an_engine(tiny_model)
    short = SETTINGS.model_copy(update={"warmup_steps": 2})
    first = [engine.update(groups_of(engine, 2), Objective(), short, SAMPLING, NO_KL).learning_rate for _ in range(2)]
    assert first == pytest.approx([5e-4, 1e-3])
    engine.save(tmp_path)
    engine.save_reference(tmp_path / "reference")
    engine.load(tmp_path, tmp_path / "reference")
    for settings in ({"warmup_steps": 2, "updates_per_step": 2}, {"warmup_steps": 9}):
        longer = SETTINGS.model_copy(update=settings)
        rate = engine.update(groups_of(engine, 2), Objective(), longer, SAMPLING, NO_KL).learning_rate
        assert rate == pytest.approx(1e-3)


def test_a_step_with_few_groups_is_a_whole_step_of_the_warm_up(tiny_model: Path) -> None:
    """Four updates are wanted of each step, but there is one group for them."""
    engine = an_engine(tiny_model)
    settings = SETTINGS.model_copy(update={"warmup_steps": 2, "updates_per_step": 4})
    rates = [engine.update(groups_of(engine, 1), Objective(), settings, SAMPLING, NO_KL).learning_rate for _ in "abc"]
    assert rates == pytest.approx([5e-4, 1e-3, 1e-3])


def test_a_reset_keeps_or_clears_the_moments(tiny_model: Path) -> None:
    engine = an_engine(tiny_model)
    engine.update(groups_of(engine, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    before = engine.reference_id
    assert engine.reset_reference(clear_optimizer=False) != before
    assert engine.optimizer.updates == 1
    engine.reset_reference(clear_optimizer=True)
    assert engine.optimizer.updates == 0
    assert not engine.optimizer._adam.state


def test_bf16_computes_in_bf16_and_keeps_fp32_masters(tiny_model: Path) -> None:
    """Updates far below bf16's resolution add up in the masters instead of being rounded away."""
    engine = LocalEngine(tiny_model, Compute(precision="bf16"), seed=5)
    assert {p.dtype for p in engine.policy.parameters.values()} == {torch.bfloat16}
    start = {name: master.clone() for name, master in engine.optimizer.masters.items()}
    settings = Optimizer(learning_rate=1e-6)
    for _ in range(3):
        report = engine.update(groups_of(engine, 2), Objective(), settings, SAMPLING, NO_KL)
    assert report.mismatch_kl < 1e-3
    for name, master in engine.optimizer.masters.items():
        assert master.dtype == torch.float32
        torch.testing.assert_close(engine.policy.parameters[name], master.bfloat16())
    assert any((engine.optimizer.masters[name] != start[name]).any() for name in start)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_is_saved_is_what_is_loaded(tiny_model: Path, tmp_path: Path, precision: str) -> None:
    compute = Compute(precision=precision)
    first, second = (LocalEngine(tiny_model, compute, seed=5) for _ in range(2))
    first.update(groups_of(first, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    first.reset_reference(clear_optimizer=False)
    first.update(groups_of(first, 2), Objective(), SETTINGS, SAMPLING, NO_KL)
    first.save(tmp_path)
    first.save_reference(tmp_path / "reference.safetensors")
    second.load(tmp_path, tmp_path / "reference.safetensors")
    assert second.reference_id == first.reference_id
    groups = groups_of(first, 3, seed=7)
    reports = [engine.update(groups, Objective(), SETTINGS, SAMPLING, NO_KL) for engine in (first, second)]
    assert reports[0] == reports[1]
    for name, master in first.optimizer.masters.items():
        assert torch.equal(second.optimizer.masters[name], master)
