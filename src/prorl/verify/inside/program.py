"""Runs a program as `python program.py` would, in a process that is its own.

The interpreter's end is played by hand: to take down modules that are about to vanish costs more than all the rest.
"""

from __future__ import annotations

import atexit
import os
import sys
from types import CodeType, ModuleType

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than a program to start
if TYPE_CHECKING:
    from typing import Any, NoReturn


def become(code: CodeType, names: dict[str, Any]) -> NoReturn:
    """Run `code` as the main module, which has `names` already, and end the process with Python's exit code."""
    module = ModuleType("__main__")
    module.__dict__.update(names)
    sys.modules["__main__"] = module
    sys.argv = ["program.py"]
    status = 0
    try:
        exec(code, module.__dict__)
    except SystemExit as ending:
        status = _status(ending.code)
    except BaseException:  # noqa: BLE001 - as at the top of any program
        status = 1
        sys.excepthook(*sys.exc_info())
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()  # waits for its threads
        atexit._run_exitfuncs()
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - a program may have put anything in these places
        status = status or 120
    os._exit(status)


def _status(code: object) -> int:
    if code is None:
        return 0
    if type(code) is int:
        return code & 0xFF
    os.write(2, f"{code}\n".encode("utf-8", "replace"))
    return 1
