"""What Reasoning Gym's `codeio` asks about: programs from its data file, which nobody has read. They run in a sandbox.

The library runs them in the process that draws problems, with our files, network and standard output at hand: some of
them write files, print, or replace streams.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from prorl.errors import UserError
from prorl.verify.programs import ProgramBroken, running
from prorl.verify.sandbox import Limits, Tier, probe

_ENTRY = "prorl_input_and_output"

_MAIN = f"""
def {_ENTRY}(seed):
    import json, random, sys
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
    given = generate_inputs(random.Random(seed))
    written = json.dumps(given)
    return written, json.dumps(main_solution(**given))
"""
_PRELUDE = "from random import Random"
_PACKAGES = {"numpy": ("numpy",), "sympy": ("sympy", "mpmath")}
"""What a program that speaks of a package may import."""

_SECONDS = 10.0

_NOTHING: tuple[Any, ...] = ({}, [], "", None)
"""As input or output not worth a question: the scorer takes `{}` and `[]` for the same."""


def input_and_output(main_code: str, input_generator_code: str, rng: Random, max_retries: int = 1) -> tuple[Any, Any]:
    """An input that the program's generator makes and what its `main_solution` returns for it, as JSON has them.

    Both are empty if the program fails, ends or takes too long, or if one of them holds nothing. Raises UserError
    where no sandbox works, SandboxFailed.
    """
    source = f"{main_code}\n\n{input_generator_code}\n{_MAIN}"
    packages = [part for name, parts in _PACKAGES.items() if name in source for part in parts]
    limits, tier = Limits(seconds=_SECONDS, packages=tuple(packages)), _tier()
    try:
        with running(source, limits, tier, _ENTRY, _PRELUDE) as program:
            ran = program.call((rng.getrandbits(64),))
    except (ProgramBroken, TimeoutError):
        return {}, {}
    if ran.failed:
        return {}, {}
    try:
        given, returned = (json.loads(text) for text in ran.value)
    except (TypeError, ValueError):  # it can be anything: the program may have replaced the function
        return {}, {}
    return ({}, {}) if given in _NOTHING or returned in _NOTHING else (given, returned)


def _tier() -> Tier:
    """The best tier, unless it holds no program in: there is no reason to run these with the user's rights."""
    if probe().tier is Tier.LIMITS:
        raise UserError(
            "reasoning_gym/codeio asks about programs that have to run in a sandbox, and none works here (prorl doctor "
            "says why); install bubblewrap, or leave the task out"
        )
    return probe().tier
