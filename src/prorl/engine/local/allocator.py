"""The C allocator's habits: keep freed memory instead of handing it back to the kernel."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_LARGEST_MMAP_THRESHOLD = 32 * 2**20
_NEVER = -1


def keep_freed_memory() -> bool:
    """Let glibc reuse blocks of up to 32 MiB instead of mapping them afresh; False where there is no glibc.

    A training step frees and asks for the same megabytes thousands of times; mapped afresh, each page is a fault and
    is zeroed by the kernel, which cost a sixth of the time of a step.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = {_MMAP_THRESHOLD: _LARGEST_MMAP_THRESHOLD, _TRIM_THRESHOLD: _NEVER, _TOP_PAD: 64 * 2**20}
    taken = [mallopt(option, value) == 1 for option, value in wanted.items()]
    return all(taken)
