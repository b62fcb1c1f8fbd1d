"""A Hugging Face id: from the Hub, from its cache without a network, and every way in which it can't be had.

The Hub here is a small server in this process that speaks the same protocol; the client is the real one, in a process
of its own because it reads its environment when it is imported.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
RESOLVE = """
import sys
from prorl.errors import UserError
from prorl.policy.catalogue import resolve
seen = []
try:
    print("folder", resolve(sys.argv[1], lambda *call: seen.append(call)))
except UserError as error:
    print("error", error)
print("steps", seen)
"""


class Hub(http.server.BaseHTTPRequestHandler):
    """`lab/open` is the tiny model (and files nobody needs), `lab/gated` is gated, `lab/raw` has no safetensors."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/lab/gated"):
            self.answer(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif not path.startswith(("/api/models/lab/open", "/lab/open", "/api/models/lab/raw", "/lab/raw")):
            self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif "/no-such-revision" in path:
            self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        elif "/resolve/" in path:
            content = self.files[path.split("/", 5)[5]]
            self.answer(200, content, {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT})
        else:
            raw = "/lab/raw" in path
            names = [name for name in self.files if not (raw and name.endswith("safetensors"))]
            tree = [
                {"type": "file", "path": name, "oid": hashlib.sha1(self.files[name]).hexdigest(), "size": size}
                for name, size in ((name, len(self.files[name])) for name in names)
            ]
            info = {"id": "lab/open", "sha": COMMIT, "siblings": [{"rfilename": name} for name in names]}
            self.answer(200, json.dumps(tree if "/tree/" in path else info).encode(), {})

    do_HEAD = do_GET

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""


@pytest.fixture(scope="module")
def hub(tiny_model: Path) -> Iterator[str]:
    Hub.files = {path.name: path.read_bytes() for path in tiny_model.iterdir()}
    Hub.files |= {
        "README.md": b"# Hello",
        "onnx/model.onnx": b"0",
        "pytorch_model.bin": b"0",
        "onnx/config.json": b"{}",
    }
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def resolve(model: str, home: Path, **settings: str) -> tuple[str, str]:
    """What `resolve` says about `model`, and the progress it reported, in a process with these settings."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment |= {"HF_HOME": str(home), "HF_HUB_OFFLINE": "0", **settings}
    process = subprocess.run(
        [sys.executable, "-c", RESOLVE, model], env=environment, capture_output=True, text=True, timeout=240, check=True
    )
    said, steps = process.stdout.splitlines()
    assert "Traceback" not in process.stderr
    return said, steps


def test_only_the_needed_files_come_and_later_the_cache_is_enough(hub: str, tmp_path: Path, tiny_model: Path) -> None:
    said, steps = resolve("lab/open", tmp_path, HF_ENDPOINT=hub)
    kind, folder = said.split(" ", 1)
    assert kind == "folder", said
    assert {path.name for path in Path(folder).rglob("*")} == {path.name for path in tiny_model.iterdir()}
    weights = "model.safetensors"
    assert (Path(folder) / weights).read_bytes() == (tiny_model / weights).read_bytes()
    assert "'download'" in steps

    for revision in ("v2", "refs/pr/1"):
        assert resolve(f"lab/open@{revision}", tmp_path, HF_ENDPOINT=hub)[0].startswith("folder ")
    assert resolve("lab/open", tmp_path, HF_HUB_OFFLINE="1")[0] == said
    assert resolve("lab/open", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")[0] == said
    shutil.rmtree(tmp_path / "hub")
    said = resolve("lab/open", tmp_path, HF_HUB_OFFLINE="1")[0]
    assert said.startswith("error model 'lab/open' is not a folder here, and offline mode is on")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("lab/gated", "is gated: accept its terms on its page, then log in"),
        ("lab/nothing", "not on the Hugging Face Hub (if it is private,"),
        ("lab/raw", "has no weights (expected model.safetensors)"),
        ("lab/open@no-such-revision", "'lab/open' has no revision 'no-such-revision' on the Hugging Face Hub"),
        ("SmolLM2-135M", "did you mean 'smollm2-135m'?"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_line_with_the_reason(
    model: str, reason: str, hub: str, tmp_path: Path
) -> None:
    said, _ = resolve(model, tmp_path, HF_ENDPOINT=hub)
    assert said.startswith("error ")
    assert reason in said
    assert "smollm2-135m" in said  # what can be had instead


def test_no_network_is_said_within_seconds(tmp_path: Path) -> None:
    started = time.monotonic()
    said, _ = resolve("lab/open", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert "the Hugging Face Hub cannot be reached (" in said
    assert "give a local model folder, or one of: smollm2-135m" in said
    assert time.monotonic() - started < 15


def test_a_network_that_swallows_everything_is_given_up_on(tmp_path: Path) -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said, _ = resolve("lab/open", tmp_path, HF_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "the Hugging Face Hub cannot be reached (" in said
    assert time.monotonic() - started < 40
