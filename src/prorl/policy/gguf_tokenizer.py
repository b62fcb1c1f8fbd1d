"""The tokenizer inside a GGUF file, as a `transformers` tokenizer.

A GGUF file keeps the vocabulary and the merges of a byte-level BPE, but of the rule that cuts a text up before
merging it keeps only a name (`tokenizer.ggml.pre`). The rule decides what the model saw in training: SmolLM cuts
every digit off on its own, also from the blank before it, so that a blank line before a number is one token and not
two. A name without a rule here is refused, because a nearly right tokenizer fails silently.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from prorl.errors import UserError

CONTROL = 3  # the type of tokens that are marks, not text


def read_tokenizer(fields: dict[str, Any], source: Path) -> PreTrainedTokenizerFast:
    """The tokenizer that the metadata `fields` of the GGUF file `source` describe, with its chat template if any.

    Nothing is added before or after a text. Raises `UserError` for kinds of tokenizer that aren't known here.
    """
    kind, rule = fields.get("tokenizer.ggml.model"), fields.get("tokenizer.ggml.pre")
    if kind != "gpt2" or rule not in RULES:
        raise UserError(f"{source.name}: don't know the tokenizer {kind!r} with rule {rule!r}; known: {sorted(RULES)}")
    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(RULES[rule])
    tokenizer.decoder = decoders.ByteLevel()
    types = fields["tokenizer.ggml.token_type"]
    marks = [token for token, type_ in zip(tokens, types, strict=True) if type_ == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in marks])

    def named(role: str) -> str | None:
        index = fields.get(f"tokenizer.ggml.{role}_token_id")
        return None if index is None else tokens[index]

    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=named("bos"),
        eos_token=named("eos"),
        unk_token=named("unknown"),
        pad_token=named("padding"),
        model_max_length=fields["llama.context_length"],
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = fields.get("tokenizer.chat_template")
    return fast


RULES: dict[str, list[Any]] = {
    "gpt-2": [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "smollm": [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
}
