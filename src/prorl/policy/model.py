"""A causal language model with its tokenizer: loading, prompts, and forward calls over packed trees."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from torch import Tensor, nn

from prorl.errors import UserError, lines_of
from prorl.kernels import head
from prorl.kernels.pages import move
from prorl.policy.branches import CacheShape
from prorl.policy.check import check_attention
from prorl.policy.decoding import Decoder, decoding, forward, try_tiles
from prorl.policy.fuse import fuse
from prorl.policy.logprobs import token_logprobs
from prorl.policy.packed import PackedLinear
from prorl.policy.quiet import quiet_transformers
from prorl.policy.reading import read_model, read_shape
from prorl.policy.tree import IMPLEMENTATION, Layout, PackedTrees
from prorl.policy.turn import Turn


@dataclass
class Policy:
    """A model that attends over trees. `path` is where it was loaded from; `ends` are its end-of-turn token ids."""

    model: Any
    tokenizer: Any
    path: Path
    ends: frozenset[int]
    tiled: bool = False
    """Whether kernels of the tile unit may decode for the model: a trial has shown that they compute the same."""

    @staticmethod
    def load(path: Path, dtype: torch.dtype) -> Policy:
        """Load a Hugging Face folder. Raises UserError when it holds no causal LM that trees can serve."""
        model, tokenizer = read_model(path, dtype)
        model.set_attn_implementation(IMPLEMENTATION)
        model.eval()
        policy = Policy(model, tokenizer, path, _ends(model, tokenizer))
        check_attention(path, model, policy.cache_shape)
        fuse(model)
        move(list(model.parameters()))
        policy.tiled = try_tiles(model, policy.cache_shape)
        return policy

    @staticmethod
    def without_weights(path: Path) -> Policy:
        """The tokenizer and the shape of a model that is loaded elsewhere; its parameters hold no numbers.

        Raises UserError for what can be seen without weights.
        """
        model, tokenizer = read_shape(path)
        return Policy(model, tokenizer, path, _ends(model, tokenizer))

    def encode(self, messages: Sequence[Turn]) -> list[int]:
        """Token ids of a conversation up to where the model answers, by its chat template.

        A model without a template gets `User:` / `Assistant:` paragraphs. Raises UserError if the template refuses.
        """
        turns = [{"role": m.role, "content": m.content} for m in messages]
        if self.tokenizer.chat_template:
            try:
                ids = self.tokenizer.apply_chat_template(
                    turns, add_generation_prompt=True, tokenize=True, return_dict=False
                )
            except TemplateError as error:
                roles = ", ".join(dict.fromkeys(turn["role"] for turn in turns))
                raise UserError(
                    f"model {self.path}: its chat template refuses a conversation of {roles} ({lines_of(error)[0]}); "
                    "mend the template in that folder, or choose another model"
                ) from None
            return [int(i) for i in ids]
        text = "".join(f"{turn['role'].capitalize()}: {turn['content']}\n\n" for turn in turns)
        return [int(i) for i in self.tokenizer.encode(f"{text}Assistant:")]

    def encode_answer(self, text: str) -> list[int]:
        """Token ids of an answer as the model would have to give it: the text, then the end-of-turn token."""
        ids = [int(i) for i in self.tokenizer.encode(text, add_special_tokens=False)]
        end = self.tokenizer.eos_token_id
        return [*ids, int(end) if end in self.ends else min(self.ends)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text that a reader or a verifier sees: special tokens left out."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    @property
    def vocabulary(self) -> int:
        """Rows of the output head."""
        return int(self.model.get_output_embeddings().weight.shape[0])

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """Every weight once, by name; tied weights appear under their first name."""
        return dict(self.model.named_parameters())

    def hidden(self, input_ids: Tensor, positions: Tensor, layout: Layout) -> Tensor:
        """Last hidden states `[tokens, hidden size]` of a packed row; `input_ids` and `positions`: `[tokens]`."""
        return forward(self.model, input_ids, positions, layout)

    def head(self, hidden: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits `[rows, vocabulary]` of hidden states `[rows, hidden size]`; in bf16 also what rounding took."""
        head = self.model.get_output_embeddings()
        packed: PackedLinear | None = getattr(head, "packed", None)
        if packed is not None:
            logits = packed(hidden)
            return logits, packed.less(hidden, logits)
        logits = head(hidden)
        if hidden.dtype == torch.float32:
            return logits, None
        rest = torch.addmm(logits, hidden, head.weight.t(), beta=-1)
        return logits, rest if head.bias is None else rest.add_(head.bias)

    def draw(self, hidden: Tensor, uniform: Tensor, temperature: float) -> tuple[Tensor, Tensor] | None:
        """Tokens drawn from `hidden` `[rows, hidden size]` with their log-probabilities, `[rows]` each, without logits.

        `uniform`: `[rows]` in [0, 1), fp64. None where the processor has no way to do it.
        """
        output = self.model.get_output_embeddings()
        if not head.fits(hidden, output.weight, output.bias):
            return None
        return head.draw(hidden, output.weight, uniform, temperature)

    @property
    def cache_shape(self) -> CacheShape:
        """Sizes of the keys and values of one token."""
        config = self.model.config.get_text_config()
        heads = config.num_attention_heads
        d = getattr(config, "head_dim", None) or config.hidden_size // heads
        kv = getattr(config, "num_key_value_heads", None) or heads
        return CacheShape(config.num_hidden_layers, kv, d, self.model.dtype)

    @property
    def context(self) -> int | None:
        """Positions that the model has; None if it names no end."""
        found: int | None = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return found

    def decoding(self, tokens: int) -> AbstractContextManager[Decoder]:
        """What computes `tokens` new tokens in a row for branches, as fast as it can; the weights must stand still."""
        return decoding(self.model, self.cache_shape, self.tiled, tokens)

    def logprobs(self, trees: PackedTrees, temperature: float) -> tuple[Tensor, Tensor]:
        """Log-probability of every branch token and the entropy where it was drawn: `[targets]` each, nats, fp32."""
        hidden = self.hidden(trees.input_ids, trees.positions, trees)
        head = self.model.get_output_embeddings()
        return token_logprobs(hidden[trees.sources], trees.targets, head.weight, head.bias, temperature)

    def recompute(self, wanted: bool) -> None:
        """Whether layers keep only their inputs for the backward pass (activation checkpointing)."""
        if wanted:
            _refuse_dropout(self.model, self.path)
            self.model.gradient_checkpointing_enable({"use_reentrant": False})
        self.model.train(wanted)  # the library checkpoints in training mode only; without dropout nothing else differs

    def frozen_copy(self) -> Policy:
        """The same weights as they are now, without gradients."""
        model = copy.deepcopy(self.model)
        model.zero_grad(set_to_none=True)
        model.requires_grad_(False)
        model.eval()
        return Policy(model, self.tokenizer, self.path, self.ends, self.tiled)

    def export(self, path: Path) -> None:
        """Write a Hugging Face folder that any other software loads."""
        with quiet_transformers():
            self.model.save_pretrained(path)
            self.tokenizer.save_pretrained(path)


def _refuse_dropout(model: Any, path: Path) -> None:
    config = model.config.get_text_config().to_dict()
    config.pop("classifier_dropout", None)  # of a head that a causal LM doesn't have
    dropping = [name for name, value in config.items() if name.endswith(("dropout", "_pdrop")) and value]
    if dropping:
        raise UserError(
            f"compute.recompute: model {path} has {dropping[0]}, so it would compute otherwise; set it to 0"
        )


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    configured = getattr(model.generation_config, "eos_token_id", None)
    ids = set(configured) if isinstance(configured, list) else {configured}
    ids.add(tokenizer.eos_token_id)
    known = [int(i) for i in ids if i is not None]
    if not known:
        raise UserError(f"model {tokenizer.name_or_path}: it names no end-of-sequence token; set one in its config")
    return frozenset(known)
