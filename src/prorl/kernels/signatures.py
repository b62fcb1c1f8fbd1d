"""What each kernel takes, in the order of its C++ source (`tests/kernels/test_signatures.py` holds both together)."""

from __future__ import annotations

import ctypes
from typing import Any

KINDS: dict[str, Any] = {"p": ctypes.c_void_p, "n": ctypes.c_int64, "f": ctypes.c_float, "b": ctypes.c_int32}
"""A tensor's address, a whole number of 64 bits, an fp32 number, a yes or no."""
SIGNATURES = {
    "add_linear": "ppppnnn",
    "add_up": "ppn",
    "attend_branches": "ppppppppnnnnnnnf",
    "decode_attention": "ppppppppppppnnnnnnnf",
    "draw": "pppppnnf",
    "gather_branches": "pppnnnnn",
    "head_backward": "pppppppppnnnbf",
    "head_draw": "pppppppnnnnf",
    "head_logprobs": "pppppppppnnnf",
    "head_sums": "pppppnnnnf",
    "logprobs": "ppppppnnf",
    "logprobs_backward": "pppppppnnf",
    "norm_gate": "pppppnnnf",
    "norm_linear": "pppppnnnf",
    "pack_linear": "ppnn",
    "place_branches": "ppppppppnnnnnn",
    "rms_norm": "ppppnnffb",
    "rms_norm_backward": "ppppppnnf",
    "rotary": "ppppnnnnb",
    "silu_mul": "pppnnn",
    "silu_mul_backward": "pppppnnn",
    "tree_attention": "pppppppnnnnnnnf",
    "tree_attention_backward": "pppppppppppnnnnnnnf",
    "tree_softmax": "pppnnnnnnf",
    "tree_softmax_backward": "ppppnnnnf",
    "weight_gradient": "pppnnnnnb",
}


def arguments_of(kernel: str) -> list[Any]:
    """The kernel's parameters as ctypes has them."""
    return [KINDS[letter] for letter in SIGNATURES[kernel]]
