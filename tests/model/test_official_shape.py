"""Parity once on the exact 0.6B shape with random weights, and one text of 32K tokens. Opt in with `-m slow`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.packing import Pack
from embedrank.model.prompting import PromptPolicy
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.model.full_vocabulary import full_vocabulary_logits

pytestmark = pytest.mark.slow
TEXTS = ["hello world", "no", "def f(x):\n    return x", "hello " * 60, "world " * 30, "a" * 200]


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    built = Decoder(
        DecoderConfig(
            vocab_size=151669,
            hidden_size=1024,
            intermediate_size=3072,
            num_hidden_layers=28,
            num_attention_heads=16,
            num_key_value_heads=8,
            head_dim=128,
        )
    )
    initialize(built, seed=0)
    return built.to(torch.bfloat16).eval()


def test_embeddings_equal_sentence_transformers_in_both_precisions(decoder: Decoder, tmp_path: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    save_embedder(tmp_path / "m", decoder, pico_tokenizer(), prompts=PromptPolicy(), max_length=512)
    theirs = sentence_transformers.SentenceTransformer(
        str(tmp_path / "m"), device="cpu", model_kwargs={"dtype": torch.float32}
    ).encode(TEXTS)
    exact = Embedder.load(str(tmp_path / "m"), dtype="fp32").encode_documents(TEXTS)
    rounded = Embedder.load(str(tmp_path / "m"), dtype="bf16").encode_documents(TEXTS)
    print(f"fp32: {np.abs(exact - theirs).max():.1e}; bf16: lowest cosine {(rounded * theirs).sum(1).min():.5f}")
    assert np.abs(exact - theirs).max() < 1e-5
    assert (rounded * theirs).sum(1).min() > 0.999


def test_rerank_logits_equal_the_full_vocabulary_route(decoder: Decoder, tmp_path: Path) -> None:
    save_reranker(tmp_path / "m", decoder, pico_tokenizer())
    expected = full_vocabulary_logits(tmp_path / "m", "hello?", TEXTS)
    ours = Reranker.load(str(tmp_path / "m"), dtype="fp32").logits("hello?", TEXTS)
    print(f"largest difference of logits {np.abs(ours - expected).max():.1e}")
    assert np.abs(ours - expected).max() < 1e-4


def test_a_text_of_32k_tokens_is_embedded() -> None:
    decoder = pico_decoder(max_position_embeddings=32768)
    tokens = torch.randint(0, 300, (32768,), generator=torch.Generator().manual_seed(0)).tolist()
    with torch.no_grad():
        whole = decoder(Pack.of([tokens]))
        behind = decoder(Pack.of([tokens[30000:]], offset=30000), prefix=decoder.prefill(tokens[:30000]))
    assert whole.isfinite().all()
    assert (whole - behind).abs().max() < 1e-4
