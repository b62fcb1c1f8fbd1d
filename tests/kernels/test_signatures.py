"""What Python hands to a kernel is what its C++ source says that it takes."""

from __future__ import annotations

import re
import subprocess
import sys

from prorl.kernels.build import SOURCE
from prorl.kernels.signatures import SIGNATURES

IN_A_NEW_PROCESS = """
import torch
from prorl.kernels.layers import rms_norm
x, weight = torch.ones(1, 8), torch.ones(8)
for epsilon in (1, 0.5):
    torch.testing.assert_close(rms_norm(x, weight, epsilon), x / (1 + epsilon) ** 0.5)
"""


def letter(parameter: str) -> str:
    """p, n, f or b, as the signatures have it, of a parameter in C++."""
    if "*" in parameter:
        return "p"
    return {"int64_t": "n", "float": "f", "int32_t": "b"}[parameter.split()[-2]]


def declared() -> dict[str, str]:
    """Parameters of every kernel in the source, for one type or for both."""
    found = {}
    for file in SOURCE.glob("*.cpp"):
        text = file.read_text(encoding="utf-8").replace("\\\n", " ")
        shared = dict(re.findall(r"#define (\w+)\(T\)\s*\(([^)]*)\)", text))
        both = {name: shared[parameters] for name, parameters in re.findall(r"FOR_BOTH_TYPES\((\w+), (\w+),", text)}
        tiled = dict(re.findall(r'extern "C" void (\w+)_bf16\(([^)]*)\)', text))
        found |= {name: "".join(map(letter, part.split(","))) for name, part in (both | tiled).items()}
    return found


def test_every_kernel_is_declared_as_in_its_source() -> None:
    assert declared() == SIGNATURES


def test_what_a_kernel_is_called_with_first_does_not_settle_what_it_takes() -> None:
    """In a process of its own, where nothing has been called."""
    done = subprocess.run([sys.executable, "-c", IN_A_NEW_PROCESS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
