"""Whether what is asked for fits the positions that there are."""

from __future__ import annotations

from collections.abc import Sequence

from prorl.engine.protocol import GroupRequest, Sampling
from prorl.errors import UserError


def check_context(
    requests: Sequence[GroupRequest], sampling: Sampling, context: int | None, whose: str, instead: str
) -> None:
    """Raises UserError if a prompt and its completion may exceed `context` tokens (None: it has no end).

    `whose` context it is, and what to do `instead`, in words for a person.
    """
    longest = max((len(request.prompt) for request in requests), default=0)
    if context is not None and requests and longest + sampling.max_new_tokens > context:
        raise UserError(
            f"a prompt of {longest} tokens and {sampling.max_new_tokens} new ones exceed {whose} context of {context}; "
            f"{instead}"
        )
