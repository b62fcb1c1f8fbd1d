"""Where programs run that nobody vouches for: no network, no file of the host but Python's own, no process but theirs.

Three tiers, and the best one that works here is used:

- `bubblewrap`: namespaces set up by the `bwrap` program, a filter of system calls, resource limits;
- `namespaces`: the same, set up by ourselves (`prorl.verify.inside.enter`);
- `limits`: resource limits and a session of its own. Files, network and processes stay within reach, so untrusted
  programs are refused here unless the user allows it.

As root, every sandbox gets a user of its own: the kernel doesn't limit how many processes root has.
"""

from __future__ import annotations

import functools
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from prorl.errors import UserError
from prorl.verify.programs import ProgramBroken, running
from prorl.verify.sandbox_limits import Limits, SandboxFailed, Tier
from prorl.verify.sandbox_process import ProgramGone, Sandbox

__all__ = ["Limits", "Probed", "ProgramGone", "Sandbox", "SandboxFailed", "Tier", "probe", "tier_for"]

_PATIENCE = 10.0
"""Seconds that one tier gets to prove itself."""

_TRIAL = """
import os
leaks = []
def reachable(what, attempt):
    try:
        attempt()
    except OSError:
        return
    leaks.append(what)
def network():
    import socket
    socket.socket(socket.AF_UNIX).connect("\\0" + input())
reachable("the host's files", lambda: os.stat("/etc/passwd"))
reachable("the host's processes", lambda: os.stat("/proc/1") if os.getpid() == 3 else None)
reachable("a writable root", lambda: os.access("/", os.W_OK) or os.stat("/nowhere"))
reachable("the network", network)
print(", ".join(leaks))
"""


@dataclass(frozen=True, slots=True)
class Probed:
    """The best tier that works here, and in words why each better one doesn't."""

    tier: Tier
    reasons: Mapping[Tier, str] = field(default_factory=dict)


@functools.cache
def probe() -> Probed:
    """Try the tiers by running a program in each, best first. Takes some 50 ms the first time in a process."""
    reasons: dict[Tier, str] = {}
    for tier in (Tier.BUBBLEWRAP, Tier.NAMESPACES):
        reason = _reason_against(tier)
        if reason is None:
            return Probed(tier, reasons)
        reasons[tier] = reason
    return Probed(Tier.LIMITS, reasons)


def tier_for(asker: str, allow_weak: bool) -> Tier:
    """The tier for untrusted programs. Raises UserError if that is `limits` and it isn't allowed."""
    probed = probe()
    if probed.tier is Tier.LIMITS and not allow_weak:
        why = "; ".join(f"{tier}: {reason}" for tier, reason in probed.reasons.items())
        raise UserError(
            f"{asker}: no sandbox works here that would hold programs written by a model ({why}); install bubblewrap, "
            "or set the task's option allow_weak_sandbox to true to run them with your rights and resource limits only"
        )
    return probed.tier


def _reason_against(tier: Tier) -> str | None:
    """None if the tier works: a program runs in it, reaches nothing, and the sandbox ends."""
    name = f"prorl-{secrets.token_hex(8)}"
    try:
        with (
            socket.socket(socket.AF_UNIX) as listening,
            running(_TRIAL, Limits(seconds=_PATIENCE), tier) as program,
        ):
            listening.bind(f"\0{name}")  # such a name belongs to the network namespace, and needs no file
            listening.listen()
            ran = program.run(name.encode())
    except (SandboxFailed, ProgramBroken, TimeoutError) as error:
        return str(error) or "it took too long"
    if ran.failed:
        return f"a trial program ended with: {ran.failed}"
    leaks = ran.value.decode().strip()
    return f"a trial program reached {leaks}" if leaks else None
