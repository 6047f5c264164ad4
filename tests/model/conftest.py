"""Pico models: random weights in the official file layout, made from a config."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from embedrank.core.errors import InvalidInputError
from embedrank.core.prompts import rerank_template
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.prompting import PromptPolicy
from embedrank.model.quantise.schemes import SCHEMES
from embedrank.model.tokenizer import TextTokenizer

WORDS = ("yes", "no", "hello", "world")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def pico_tokenizer() -> TextTokenizer:
    """Bytes, a few whole words, and the special tokens at the end."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(alphabet)}
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        left = word[0]
        for letter in word[1:]:
            merges.append((left, letter))
            left += letter
            vocabulary.setdefault(left, len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in ("<think>", "</think>")])
    return TextTokenizer(tokenizer)


def pico_config(**changes: object) -> DecoderConfig:
    """Three layers, grouped heads, a head size that is not hidden over heads."""
    fields: dict[str, object] = {
        "vocab_size": 320,
        "hidden_size": 48,
        "intermediate_size": 80,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 4096,
    }
    return DecoderConfig(**{**fields, **changes})  # type: ignore[arg-type]


def pico_decoder(**changes: object) -> Decoder:
    """Random weights large enough that every part of the architecture shows in the output."""
    decoder = Decoder(pico_config(**changes))
    initialize(decoder, seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return decoder.eval()


def skip_unless_computable(dtype: str) -> None:
    """Skip a test where the processor cannot compute a scheme."""
    try:
        if dtype in SCHEMES:
            SCHEMES[dtype].check(torch.device("cpu"))
    except InvalidInputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def embedder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "embedder"
    policy = PromptPolicy()
    save_embedder(folder, pico_decoder(), pico_tokenizer(), prompts=policy, max_length=512, dtype=torch.float32)
    return folder


@pytest.fixture(scope="session")
def reranker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "reranker"
    save_reranker(folder, pico_decoder(), pico_tokenizer(), dtype=torch.float32)
    return folder


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return [
        "hello world",
        "no",
        "",
        "def f(x):\n    return x",
        "梵文 is a language",
        "w" * 300,
        "hello " * 120,
        "a b c d e f",
    ]


@pytest.fixture(scope="session")
def template_texts() -> list[str]:
    template = rerank_template()
    return [template.prompt("hello?", text) for text in ("world", "no world at all", "w" * 90)]
