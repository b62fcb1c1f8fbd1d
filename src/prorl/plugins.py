"""Things of one's own that a recipe names as `package.module:attribute`."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from typing import Any

from prorl.errors import UserError


def imported(target: str, where: str) -> Any:
    """What `target` names. Modules in the current folder are found, too, after all that is installed.

    Raises UserError, saying `where` it was named, for anything that can't be imported.
    """
    module, colon, attribute = target.partition(":")
    if not colon or not module or not attribute:
        raise UserError(f"{where}: {target!r} is no place in a module; write package.module:Name")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise UserError(f"{where}: {error}; is {module} installed, or on PYTHONPATH?") from error
    except AttributeError as error:
        raise UserError(f"{where}: module {module} has no {attribute}") from error


def called(target: str, where: str, *given: Any, **options: Any) -> Any:
    """The result of calling what `target` names. Raises UserError if it doesn't take these arguments."""
    factory = imported(target, where)
    try:
        inspect.signature(factory).bind(*given, **options)
    except TypeError as error:
        raise UserError(f"{where}: {target} can't be called with these options: {error}") from error
    return factory(*given, **options)
