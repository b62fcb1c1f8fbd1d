"""Files of a data set on the Hugging Face Hub, or from what it left in its own cache."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from huggingface_hub import HfApi, constants, scan_cache_dir, snapshot_download
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError is its HTTP library's, of any version
    CacheNotFound,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from prorl.errors import UserError, lines_of
from prorl.tasks.rows import HUB, SUFFIXES

PATIENCE = 10
"""Seconds for the Hub's first answer."""

_ADDRESS = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:\s]+))?(?::(?P<split>[^\s]+))?")
_PART = re.compile(r"-\d{5}-of-(?P<count>\d{5})(?:-[0-9a-f]{16})?")
_NO_DATA = {"dataset_infos.json", "dataset_dict.json", "state.json", "croissant.json"}
"""Files that describe a data set."""


def dataset_files(address: str, task: str) -> list[Path]:
    """Local copies of the data files of `owner/name[@revision][:split]`, in the order of their names.

    `split` picks files by their own name or a folder's (`test` is `test.jsonl`, `data/test-00000-of-00002.parquet`
    and `test/anything.parquet`, so it may also name a configuration); without one, all files must be parts of the
    same thing. What is in the Hub's own cache is not fetched again and is enough without a network. Raises UserError.
    """
    parsed = _ADDRESS.fullmatch(address)
    if parsed is None:
        raise UserError(f"{task}: {HUB}{address} is not of the form {HUB}owner/name[@revision][:split]")
    name, revision, split = parsed["name"], parsed["revision"], parsed["split"]
    try:
        return _fetched(name, revision, split, task)
    except HFValidationError as error:
        raise UserError(f"{task}: {name!r} is not a valid Hugging Face id") from error
    except GatedRepoError as error:
        raise UserError(
            f"{task}: data set {name!r} is gated: accept its terms on its page, then log in with `hf auth login`"
        ) from error
    except RevisionNotFoundError as error:
        raise UserError(f"{task}: data set {name!r} has no revision {revision!r}") from error
    except RepositoryNotFoundError as error:
        raise UserError(
            f"{task}: data set {name!r} is not on the Hugging Face Hub (if it is private, `hf auth login`)"
        ) from error
    except (HTTPError, EntryNotFoundError, OSError) as error:
        raise UserError(
            f"{task}: data set {name!r} cannot be fetched: {_reason(error)}; name a local copy with the option `source`"
        ) from error


def _fetched(name: str, revision: str | None, split: str | None, task: str) -> list[Path]:
    """The files, from the Hub if it answers and from its cache if not."""
    try:
        listed = HfApi().dataset_info(name, revision=revision, timeout=PATIENCE)
    except HfHubHTTPError:
        raise
    except (HTTPError, OSError) as silence:
        folder = _cached(name, revision or "main")
        if folder is None:
            raise silence from None
        cached = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        return [folder / file for file in _chosen(cached, name, split, task)]
    files = _chosen([sibling.rfilename for sibling in listed.siblings or []], name, split, task)
    fetched = snapshot_download(
        name, repo_type="dataset", revision=revision, allow_patterns=files, etag_timeout=PATIENCE
    )
    return [Path(fetched, file) for file in files]


def _cached(name: str, revision: str) -> Path | None:
    """The folder in the Hub's cache with what was fetched of a revision, which need not be all of it."""
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return None
    for repository in repositories:
        if repository.repo_type == "dataset" and repository.repo_id == name:
            for cached in repository.revisions:
                if revision in (*cached.refs, cached.commit_hash):
                    return cached.snapshot_path
    return None


def _chosen(listed: Sequence[str], name: str, split: str | None, task: str) -> list[str]:
    """The data files that belong to `split`, sorted."""
    files = sorted(file for file in listed if _is_data(PurePosixPath(file)))
    groups = sorted({_group(file) for file in files})
    if split is not None:
        files = [file for file in files if split in _labels(file)]
    elif len(groups) > 1:
        raise UserError(
            f"{task}: {HUB}{name} has several parts; add one of them, such as `:{groups[0]}`: {_some(groups)}"
        )
    if not files:
        raise UserError(f"{task}: {HUB}{name} has no data files for {split!r}; it has: {_some(groups)}")
    for file in files:
        part = _PART.search(file)
        expected = int(part["count"]) if part else 1
        if part and sum(_group(other) == _group(file) for other in files) != expected:
            raise UserError(f"{task}: {HUB}{name}: not all {expected} parts of {_group(file)} are in the local cache")
    return files


def _is_data(file: PurePosixPath) -> bool:
    return file.suffix in SUFFIXES and file.name not in _NO_DATA


def _group(file: str) -> str:
    """What a file is a part of: its path without suffix and without `-00000-of-00002`."""
    return _PART.sub("", str(PurePosixPath(file).with_suffix("")))


def _labels(file: str) -> set[str]:
    """All names under which a file can be asked for: its group, and the group's folders and last part."""
    group = _group(file)
    return {group, *group.split("/")}


def _some(groups: Sequence[str]) -> str:
    return ", ".join(groups[:8]) + (", …" if len(groups) > 8 else "") if groups else "none"


def _reason(error: BaseException) -> str:
    if constants.HF_HUB_OFFLINE:
        return "offline mode is on (HF_HUB_OFFLINE) and the Hugging Face cache has no copy of it"
    return f"the Hugging Face Hub cannot be reached ({lines_of(error)[0]})"
