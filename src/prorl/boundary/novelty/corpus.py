"""A corpus from files, and its n-gram index: a suffix array in memory (tokengrams)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from prorl.boundary.novelty.search import Contains
from prorl.boundary.novelty.words import UNSEEN, Vocabulary, words
from prorl.errors import UserError, lines_of
from prorl.files import text_lines

HELD_OUT = 20
"""Every so many documents one is left out of the index, for the floor."""
_WANTED = "every line or row needs a text"
SUFFIXES = (".txt", ".md", ".jsonl", ".parquet")


@dataclass(frozen=True, slots=True)
class Corpus:
    """An indexed corpus, and documents like it that are not in the index."""

    vocabulary: Vocabulary
    contains: Contains
    held_out: tuple[tuple[str, ...], ...]
    documents: int
    tokens: int
    files: tuple[str, ...]


def check(paths: Sequence[Path]) -> None:
    """Raise UserError for whatever `read` would refuse, before anything is sampled to be held against the corpus."""
    _engine()
    texts = (text for path in paths for file in _files(path) for text in _texts(file))
    if not sum(bool(words(text)) for text in texts):  # all of them: the last line may be the one without a text
        raise _no_text(paths)


def read(paths: Sequence[Path]) -> Corpus:
    """The corpus of these files and folders. A `.txt` or `.md` file is a document, as is the `text` of a JSONL line or
    a Parquet row. Raises UserError for files that hold none, and where the index isn't installed."""
    files = [file for path in paths for file in _files(path)]
    documents = [words(text) for file in files for text in _texts(file)]
    documents = [document for document in documents if document]
    if not documents:
        raise _no_text(paths)
    kept = [document for place, document in enumerate(documents) if (place + 1) % HELD_OUT]
    held_out = [document for place, document in enumerate(documents) if (place + 1) % HELD_OUT == 0]
    vocabulary = Vocabulary(kept)
    names = tuple(file.name for file in files)
    held = tuple(tuple(document) for document in held_out)
    return Corpus(vocabulary, _index(vocabulary), held, len(kept), len(vocabulary.tokens), names)


def _no_text(paths: Sequence[Path]) -> UserError:
    return UserError(f"the corpus {', '.join(map(str, paths))} holds no text; name texts by --corpus")


def _engine() -> Any:
    try:
        from tokengrams import InMemoryIndex
    except ImportError:
        raise UserError("overlap novelty needs an n-gram index: pip install 'prorl[novelty]'") from None
    return InMemoryIndex


def _index(vocabulary: Vocabulary) -> Contains:
    array = vocabulary.array()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.bin"
        array.tofile(path)
        index = _engine().from_token_file(str(path), None, 2 ** (8 * array.itemsize))

    def contains(tokens: Sequence[int]) -> bool:
        return UNSEEN not in tokens and bool(index.contains(list(tokens)))

    return contains


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES) if path.is_dir() else []
    if not found:
        raise UserError(f"corpus {path}: there is no file that ends in {', '.join(SUFFIXES)}")
    return found


def _texts(file: Path) -> Iterator[str]:
    try:
        if file.suffix == ".parquet":
            texts = pl.read_parquet(file, columns=["text"], glob=False)["text"]
            if texts.dtype != pl.String:
                raise UserError(f"corpus {file}: its column text holds {texts.dtype}; {_WANTED}")
            yield from texts.drop_nulls()
        elif file.suffix == ".jsonl":
            for number, line in enumerate(text_lines(file), 1):
                if line.strip():
                    yield _text_of(line, f"corpus {file}, line {number}")
        else:
            yield file.read_text(encoding="utf-8")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise UserError(f"corpus {file}: {lines_of(error)[0]}; {_WANTED}") from None


def _text_of(line: str, where: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (KeyError, TypeError, ValueError):
        text = None
    if not isinstance(text, str):
        raise UserError(f"{where}: {_WANTED}")
    return text
