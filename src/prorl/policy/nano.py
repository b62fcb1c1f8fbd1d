"""A language model small enough to make on the spot: random weights, one token a character.

It is for tests, for trying a recipe in seconds, and for learning curves that start from nothing. It is a normal
Hugging Face folder, so everything that reads a real model reads it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from prorl.errors import UserError
from prorl.policy.quiet import quiet_transformers

PAD, TURN_START, TURN_END, UNKNOWN = "<|pad|>", "<|im_start|>", "<|im_end|>", "<|unknown|>"
SPECIALS = (PAD, TURN_START, TURN_END, UNKNOWN)
CHARACTERS = ("\n", "\t", *(chr(code) for code in range(32, 127)))

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def make_nano(
    path: Path,
    *,
    layers: int = 2,
    hidden: int = 64,
    heads: int = 4,
    kv_heads: int = 2,
    context: int = 2048,
    init_std: float = 0.02,
    seed: int = 0,
) -> Path:
    """Write a random Llama with tied embeddings and a character tokenizer to `path`, and return `path`.

    The weights are fp32, drawn with standard deviation `init_std`, and depend on `seed` alone; the caller's random
    state is left as it was. `context` is the longest sequence in tokens, `hidden` the width of the residual stream
    (the MLP is four times as wide).

    Raises `UserError` if `path` holds anything already, or if the numbers don't divide.
    """
    path = Path(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path} already exists and is not empty; name a new folder for the model")
    if hidden % heads or heads % kv_heads or (hidden // heads) % 2:
        raise UserError(
            f"hidden={hidden}, heads={heads}, kv_heads={kv_heads} do not fit: "
            "kv_heads must divide heads, and hidden / heads must be a whole even number"
        )
    tokenizer = character_tokenizer(context)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=context,
        initializer_range=init_std,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype=torch.float32,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, bos_token_id=None
    )
    with quiet_transformers():
        model.save_pretrained(path)
        tokenizer.save_pretrained(path)
    return path


def character_tokenizer(context: int) -> PreTrainedTokenizerFast:
    """One token a character: printable ASCII, newline and tab; other characters become the unknown token.

    The ChatML markers are single tokens, nothing is added at either end, and decoding gives back the text exactly.
    """
    vocabulary = {token: index for index, token in enumerate((*SPECIALS, *CHARACTERS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=TURN_END,
        unk_token=UNKNOWN,
        extra_special_tokens=[TURN_START],
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast
