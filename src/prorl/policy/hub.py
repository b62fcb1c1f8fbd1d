"""Getting a model from the Hugging Face Hub, or from what it left in its own cache."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, cast

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError is its HTTP library's, of any version
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm.std import tqdm  # type: ignore[import-untyped]

from prorl.errors import UserError, lines_of
from prorl.policy.progress import Progress

# Everything to run a model in safetensors format, at the top of the repository; no copies in other formats.
NEEDED = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "*.tiktoken"]
UNNEEDED = ["*/*", "consolidated*", "README*", "LICENSE*"]
PATIENCE = 10  # seconds for the Hub's first answer


def download_snapshot(model: str, progress: Progress) -> Path:
    """The folder of the Hub's `model`, or `model@revision`, downloaded into its own cache as far as it isn't there.

    Without a network, or with `HF_HUB_OFFLINE=1`, a complete copy in that cache is enough. Raises `UserError` with
    the reason and the remedy; naming alternatives is up to the caller.
    """
    name, _, revision = model.partition("@")
    try:
        silence = _why_silent(name)
        try:
            folder = snapshot_download(
                name,
                revision=revision or None,
                allow_patterns=NEEDED,
                ignore_patterns=UNNEEDED,
                etag_timeout=PATIENCE,
                local_files_only=silence is not None,
                tqdm_class=_reporting_to(progress),
            )
        except LocalEntryNotFoundError as error:
            if silence is not None:
                raise silence from error
            raise
    except HFValidationError as error:
        raise UserError(f"model {model!r} is neither a folder nor a valid Hugging Face id") from error
    except GatedRepoError as error:
        raise UserError(
            f"model {model!r} is gated: accept its terms on its page, then log in with `hf auth login`"
        ) from error
    except RevisionNotFoundError as error:
        raise UserError(f"model {name!r} has no revision {revision!r} on the Hugging Face Hub") from error
    except RepositoryNotFoundError as error:
        raise UserError(
            f"model {model!r} is not a folder here and not on the Hugging Face Hub (if it is private, `hf auth login`)"
        ) from error
    except (HTTPError, OSError) as error:
        raise UserError(f"model {model!r} is not a folder here, and {_reason(error)}") from error
    return Path(folder)


def _why_silent(model: str) -> Exception | None:
    """What keeps the Hub from answering, or None if it answers. `snapshot_download` would wait for ever."""
    try:
        HfApi().model_info(model, timeout=PATIENCE)
    except HfHubHTTPError:  # an answer, if not a good one: it is judged where the files are asked for
        return None
    except (HTTPError, OSError) as error:
        return cast(Exception, error)
    return None


def _reason(error: BaseException) -> str:
    if constants.HF_HUB_OFFLINE:
        return "offline mode is on (HF_HUB_OFFLINE) and the Hugging Face cache has no complete copy of it"
    return f"the Hugging Face Hub cannot be reached ({lines_of(error)[0]})"


def _reporting_to(progress: Progress) -> type[Any]:
    """A `tqdm` that draws nothing and tells `progress` how many bytes have come."""

    class Reporter(tqdm):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "file": io.StringIO(), "disable": False})

        def display(self, *_: Any, **__: Any) -> None:
            if self.unit == "B" and self.total:
                progress("download", int(self.n), int(self.total), "bytes")

    return Reporter
