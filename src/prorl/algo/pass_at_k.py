"""The analytic pass@k advantage: rewards a set of k completions for holding at least one success."""

from __future__ import annotations

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.ratio import at_least_float32
from prorl.errors import UserError


def pass_at_k_advantages(
    rewards: Tensor, group: Tensor, k: int, valid: Tensor | None = None, success: float = 1.0
) -> Tensor:
    """Advantage of each sample when every set of k samples of its group is rewarded by its best (arXiv 2508.10751).

    Of a group's n valid samples let m fail (reward below `success`). A set of k passes with R = 1 - C(m,k)/C(n,k); its
    deviation is s = sqrt(R (1 - R)). Averaged over the sets that hold it, a success has the advantage (1 - R)/s and a
    failure (1 - R - C(m-1,k-1)/C(n-1,k-1))/s. k = 1 is GRPO's advantage with the deviation over n.

    `rewards`, `group`, `valid`: `[samples]` as for `advantages`; returns `[samples]`. 0 where a sample isn't valid and
    where every set passes or none does, which includes groups of k valid samples or fewer. Raises UserError if k < 1.
    """
    if k < 1:
        raise UserError(f"pass@k advantages need k of 1 or more, not {k}")
    valid = torch.ones_like(rewards, dtype=torch.bool) if valid is None else valid
    values = at_least_float32(rewards)
    names, index = torch.unique(group, return_inverse=True)
    groups = Segments(index, names.numel())
    failed = valid & ~(values >= success)
    n, m = groups.sum(valid).to(values.dtype), groups.sum(failed).to(values.dtype)
    all_fail = _chance_of_drawing_only(m, n, k)
    others_fail = _chance_of_drawing_only(m - 1, n - 1, k - 1)
    deviation = (all_fail * (1 - all_fail)).sqrt()
    informative = deviation > 0
    scale = torch.where(informative, 1 / torch.where(informative, deviation, 1.0), 0.0)
    of_success, of_failure = all_fail * scale, (all_fail - others_fail) * scale
    result = torch.where(failed, groups.spread(of_failure), groups.spread(of_success))
    return torch.where(valid, result, 0.0)


def _chance_of_drawing_only(m: Tensor, n: Tensor, k: int) -> Tensor:
    """C(m,k) / C(n,k): the chance that k draws without replacement from n all fall among m. 1 if k = 0, 0 if k > n."""
    drawn = torch.arange(k, device=n.device, dtype=n.dtype)
    left, of = (m[:, None] - drawn).clamp(min=0), (n[:, None] - drawn).clamp(min=1)
    return (left / of).prod(dim=1)
