"""From judged groups to training groups: which completions count, what they are paid, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from prorl.algo.advantages import PRESETS, advantages
from prorl.algo.pass_at_k import pass_at_k_advantages
from prorl.algo.repetition import Repetition
from prorl.algo.shaping import Completions, CosineLength, Shaper, SoftOverlong, StopProperly, ZeroPast, shape
from prorl.engine.protocol import TrainingGroup
from prorl.plugins import called
from prorl.recipe.objective import Objective
from prorl.recipe.schema import Recipe
from prorl.recipe.shaping import CustomShaper
from prorl.recipe.shaping import Shaper as ShaperSpec
from prorl.run.judged import JudgedGroup

_SHAPERS: dict[str, type] = {
    "soft_overlong": SoftOverlong,
    "stop_properly": StopProperly,
    "zero_past": ZeroPast,
    "cosine_length": CosineLength,
    "repetition": Repetition,
}


@dataclass(frozen=True)
class Credited:
    """Groups to train on, and the mean of the rewards that their advantages were made from."""

    groups: list[TrainingGroup]
    shaped_reward: float


def credit(groups: Sequence[JudgedGroup], settings: Recipe, steps_done: int) -> Credited:
    """Groups with an advantage for each completion, normalised over all of them as the recipe says.

    Completions that the verifier could not judge are left out: they are neither right nor wrong. Shapers change what
    the advantages see, and nothing else.
    """
    judged = [[c for c in group.completions if c.valid] for group in groups]
    members = [c for of_group in judged for c in of_group]
    sizes = torch.tensor([len(of_group) for of_group in judged])
    raw = torch.tensor([c.verdict.score for c in members])
    lengths = torch.tensor([len(c.completion.tokens) for c in members])
    completions = Completions(
        lengths=lengths,
        finished=torch.tensor([c.completion.finished for c in members]),
        solved=raw >= 1.0,
        max_length=settings.rollout.max_new_tokens,
        steps_done=steps_done,
        tokens=torch.tensor([token for c in members for token in c.completion.tokens]),
    )
    rewards = shape(raw, completions, shapers_of(settings)).shaped
    values = _advantages(rewards, torch.arange(len(groups)).repeat_interleave(sizes), lengths, settings.objective)
    return Credited(
        [
            TrainingGroup(
                replace(group.sampled, completions=tuple(c.completion for c in of_group)), tuple(part.tolist())
            )
            for group, of_group, part in zip(groups, judged, torch.split(values, sizes.tolist()), strict=True)
        ],
        float(rewards.mean()),
    )


def shapers_of(settings: Recipe) -> list[Shaper]:
    """The recipe's shapers, in order. Raises UserError for one of one's own that can't be made."""
    return [_shaper(spec) for spec in settings.shaping]


def _shaper(spec: ShaperSpec) -> Shaper:
    if isinstance(spec, CustomShaper):
        made: Shaper = called(spec.shaper, "shaping", **spec.options)
        return made
    shaper: Shaper = _SHAPERS[spec.kind](**spec.model_dump(exclude={"kind"}))
    return shaper


def _advantages(rewards: Tensor, group: Tensor, lengths: Tensor, objective: Objective) -> Tensor:
    if objective.advantage == "pass_at_k":
        return pass_at_k_advantages(rewards, group, objective.pass_at)
    return advantages(rewards, group, PRESETS[objective.advantage], lengths=lengths)
