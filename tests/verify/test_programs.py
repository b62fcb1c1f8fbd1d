"""Who is to blame for a test that brought nothing out: the program, or the sandbox."""

from __future__ import annotations

import pytest

from prorl.verify import sandbox
from prorl.verify.programs import running
from prorl.verify.sandbox import Limits, SandboxFailed, Tier

STRONG = [tier for tier in (Tier.BUBBLEWRAP, Tier.NAMESPACES) if sandbox._reason_against(tier) is None]
LIMITS = Limits(seconds=20.0, file_size=1 << 20)
SMALL, LARGE = b"small", b"x" * (2 << 20)
strong = pytest.mark.parametrize("tier", STRONG)

ENDS_THE_DRIVER = "import os\nif input() == 'end':\n    os.kill(os.getppid(), 9)\n    while True: pass\nprint('on')"


@strong
def test_an_input_that_cannot_be_given_is_no_verdict_on_the_program(tier):
    with running("print(len(input()))", LIMITS, tier) as program, pytest.raises(SandboxFailed, match="could not begin"):
        program.run(LARGE)
    with running("print(len(input()))", LIMITS, tier) as program:
        assert program.run(SMALL).value == b"5\n"
        with pytest.raises(SandboxFailed, match="could not begin"):
            program.run(LARGE)


@pytest.mark.parametrize("tier", [*STRONG, Tier.LIMITS])
def test_a_program_that_ends_the_driver_fails_this_test_and_all_later_ones(tier):
    with running(ENDS_THE_DRIVER, LIMITS, tier) as program:
        assert program.run(b"go").value == b"on\n"
        assert program.run(b"end").failed
        assert program.run(b"go").failed
    called = "import os\ndef f(end):\n    os.kill(os.getppid(), 9) if end else None\n    return 1"
    with running(called, LIMITS, tier, "f") as program:
        assert program.call((False,)).value == 1
        assert program.call((True,)).failed
        assert program.call((False,)).failed


@strong
def test_a_function_cannot_say_that_a_test_has_not_begun(tier):
    source = """
import os
from prorl.verify.inside import pipe
from prorl.verify.inside.codec import encode
def f(again):
    for descriptor in range(64):
        try:
            pipe.send(descriptor, encode(("begins",)))
        except OSError:
            pass
    os.kill(os.getppid(), 9)
    os._exit(0)
"""
    with running(source, LIMITS, tier, "f") as program:
        for again in (False, True):
            assert program.call((again,)).failed
