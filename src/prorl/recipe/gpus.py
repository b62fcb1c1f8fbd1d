"""GPUs by name, as their makers describe them, and how many of them somebody has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prorl.errors import UserError


@dataclass(frozen=True)
class Gpu:
    """Memory in GiB, dense bf16 arithmetic in TFLOP/s, memory bandwidth in GB/s: figures of the data sheets."""

    memory: float
    tflops: float
    bandwidth: float


GPUS = {
    "A100-40GB": Gpu(40, 312, 1555),
    "A100": Gpu(80, 312, 2039),
    "L40S": Gpu(48, 362, 864),
    "H100": Gpu(80, 989, 3350),
    "H200": Gpu(141, 989, 4800),
    "B200": Gpu(180, 2250, 8000),
}


def parse(text: str) -> tuple[int, str]:
    """`8xH100` as count and name. Raises UserError naming the GPUs that are known."""
    found = re.fullmatch(r"([1-9]\d*)x(.+)", text.strip())
    names = {name.lower(): name for name in GPUS}
    if found is None or found[2].lower() not in names:
        raise UserError(f"--gpus {text}: give a count and a name such as 8xH100; known are {', '.join(GPUS)}")
    return int(found[1]), names[found[2].lower()]
