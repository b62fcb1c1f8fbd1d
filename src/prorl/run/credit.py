"""From judged groups to training groups: which completions count, and for how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from prorl.algo.advantages import PRESETS, advantages
from prorl.engine.protocol import TrainingGroup
from prorl.recipe.schema import Objective
from prorl.run.collect import JudgedGroup


def training_groups(groups: Sequence[JudgedGroup], objective: Objective) -> list[TrainingGroup]:
    """Groups with an advantage for each completion, normalised over all of them as the recipe says.

    Completions that the verifier could not judge are left out: they are neither right nor wrong.
    """
    judged = [[c for c in group.completions if c.valid] for group in groups]
    sizes = torch.tensor([len(members) for members in judged])
    values = advantages(
        rewards=torch.tensor([c.verdict.score for members in judged for c in members]),
        group=torch.arange(len(groups)).repeat_interleave(sizes),
        steps=PRESETS[objective.advantage],
        lengths=torch.tensor([len(c.completion.tokens) for members in judged for c in members]),
    )
    return [
        TrainingGroup(replace(group.sampled, completions=tuple(c.completion for c in members)), tuple(part.tolist()))
        for group, members, part in zip(groups, judged, torch.split(values, sizes.tolist()), strict=True)
    ]
