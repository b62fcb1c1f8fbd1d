"""A run that is refused before it made anything leaves nothing behind, so that the same command may be given again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from prorl.errors import UserError
from prorl.run.directory import RunDirectory


@contextmanager
def no_trace_of_nothing(directory: RunDirectory) -> Iterator[None]:
    """Remove a new run's folder again on a UserError, unless something was sampled, trained or saved in it by then."""
    try:
        yield
    except UserError:
        if _is_untouched(directory):
            _discard(directory)
        raise


def _is_untouched(directory: RunDirectory) -> bool:
    folders = (directory.checkpoints, directory.rollouts, directory.samples)
    return not directory.metrics.exists() and not any(any(folder.iterdir()) for folder in folders)


def _discard(directory: RunDirectory) -> None:
    """All that is in the folder, which was free before; the folder itself stays if it was there before."""
    for entry in directory.path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if directory.made:
        directory.path.rmdir()
