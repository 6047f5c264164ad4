"""Ours against `transformers` and `sentence-transformers` on the same folder, every shortcut against the long way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.model.norm import RMSNorm
from embedrank.model.packing import Pack
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.model.full_vocabulary import full_vocabulary_logits

transformers = pytest.importorskip("transformers")
sentence_transformers = pytest.importorskip("sentence_transformers")

QUERY = "hello world?"
TOLERANCE = 1e-5  # largest absolute difference allowed in float32


def test_embeddings_equal_sentence_transformers_on_the_same_folder(embedder_folder: Path, texts: list[str]) -> None:
    ours = Embedder.load(str(embedder_folder), dtype="fp32")
    theirs = sentence_transformers.SentenceTransformer(str(embedder_folder), device="cpu")
    assert np.abs(ours.encode_documents(texts) - theirs.encode(texts)).max() < TOLERANCE
    assert np.abs(ours.encode_queries(texts) - theirs.encode(texts, prompt_name="query")).max() < TOLERANCE


def test_embeddings_equal_transformers_on_the_same_folder(embedder_folder: Path, texts: list[str]) -> None:
    ours = Embedder.load(str(embedder_folder), dtype="fp32").encode_documents(texts)
    model = transformers.AutoModel.from_pretrained(embedder_folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(embedder_folder)
    for text, vector in zip(texts, ours, strict=True):
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
        with torch.no_grad():
            last = model(**ids).last_hidden_state[0, -1]
        assert np.abs(torch.nn.functional.normalize(last, dim=0).numpy() - vector).max() < TOLERANCE


def test_bfloat16_stays_near_float32(embedder_folder: Path, texts: list[str]) -> None:
    exact = Embedder.load(str(embedder_folder), dtype="fp32").encode_documents(texts)
    rounded = Embedder.load(str(embedder_folder), dtype="bf16").encode_documents(texts)
    assert (exact * rounded).sum(1).min() > 0.999


def test_rerank_logits_equal_the_full_vocabulary_route(reranker_folder: Path) -> None:
    documents = ["world", "no world at all", "hello " * 50, "梵文", ""]
    ours = Reranker.load(str(reranker_folder), dtype="fp32")
    expected = full_vocabulary_logits(reranker_folder, QUERY, documents)
    judged = ours.judge(QUERY, documents)
    assert judged.shared_tokens > 40
    assert np.abs(judged.logits - expected).max() < 1e-4
    assert np.allclose(ours.score(QUERY, documents), 1 / (1 + np.exp(-judged.logits)))


def test_a_text_gets_the_same_vector_alone_and_in_any_company(embedder_folder: Path, texts: list[str]) -> None:
    embedder = Embedder.load(str(embedder_folder), dtype="fp32", max_batch_tokens=256)
    together = embedder.encode_documents(texts)
    alone = np.concatenate([embedder.encode_documents([text]) for text in texts])
    assert np.abs(together - alone).max() < TOLERANCE


def test_a_document_gets_the_same_logit_alone_and_behind_a_shared_prefix(reranker_folder: Path) -> None:
    reranker = Reranker.load(str(reranker_folder), dtype="fp32", max_batch_tokens=128)
    documents = ["world", "no world at all", "hello " * 30, " leading space", "\nnewline", ""]
    together = reranker.judge(QUERY, documents)
    alone = [reranker.judge(QUERY, [document]) for document in documents]
    assert together.shared_tokens > 0
    assert all(judged.shared_tokens == 0 for judged in alone)
    assert np.abs(together.logits - np.concatenate([judged.logits for judged in alone])).max() < 1e-4


def test_truncated_dims_equal_truncating_then_normalising(embedder_folder: Path, texts: list[str]) -> None:
    embedder = Embedder.load(str(embedder_folder), dtype="fp32")
    full, short = embedder.encode_documents(texts), embedder.encode_documents(texts, dim=32)
    expected = full[:, :32] / np.linalg.norm(full[:, :32], axis=1, keepdims=True)
    assert short.shape == (len(texts), 32)
    assert np.abs(short - expected).max() < TOLERANCE


@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize("max_padding", [0.0, 0.3, 0.9])
def test_packed_equals_each_sequence_alone(is_causal: bool, max_padding: float) -> None:
    decoder = pico_decoder(is_causal=is_causal)
    generator = torch.Generator().manual_seed(0)
    sequences = [torch.randint(0, 300, (n,), generator=generator).tolist() for n in (1, 2, 7, 7, 9, 30, 31, 120)]
    with torch.no_grad():
        alone = torch.cat([decoder(Pack.of([sequence])) for sequence in sequences])
        decoder.max_padding = max_padding
        packed = decoder(Pack.of(sequences))
        everything = decoder.all_positions(Pack.of(sequences))
    assert (packed - alone).abs().max() < TOLERANCE
    assert (everything[Pack.of(sequences).last_N] - alone).abs().max() < TOLERANCE


def test_bidirectional_attention_lets_the_first_token_see_the_rest() -> None:
    decoder = pico_decoder(is_causal=False)
    causal = pico_decoder(is_causal=True)
    sequence = list(range(20))
    with torch.no_grad():
        both = decoder.all_positions(Pack.of([sequence]))
        one_way = causal.all_positions(Pack.of([sequence]))
    assert (both[0] - one_way[0]).abs().max() > 1e-3, "the first token sees the rest only without the causal mask"


def test_a_prefix_longer_than_one_mask_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = pico_decoder()
    prefix, tail = list(range(40)), list(range(100, 170))
    monkeypatch.setattr("embedrank.model.attention_backends.grouped.MASKED_BLOCK", 16)
    with torch.no_grad():
        shared = decoder(Pack.of([tail], offset=len(prefix)), prefix=decoder.prefill(prefix))
        whole = decoder(Pack.of([prefix + tail]))
    assert (shared - whole).abs().max() < TOLERANCE


def test_gradients_do_not_depend_on_how_sequences_are_grouped() -> None:
    decoder = pico_decoder()
    decoder.requires_grad_(True)
    sequences = [[5] * 3, list(range(8)), list(range(11)), list(range(40))]
    gradients = []
    for max_padding in (0.0, 0.9):
        decoder.max_padding = max_padding
        decoder.zero_grad()
        prefix = decoder.prefill([7, 8, 9])
        (
            decoder(Pack.of(sequences)).sin().sum() + decoder(Pack.of(sequences, offset=3), prefix=prefix).cos().sum()
        ).backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in decoder.parameters()]))
    assert torch.allclose(*gradients, atol=1e-4, rtol=1e-4)


def test_training_attention_equals_the_serving_kernel() -> None:
    decoder = pico_decoder()
    pack = Pack.of([list(range(9)), list(range(30))])
    with torch.no_grad():
        served = decoder(pack)
    decoder.requires_grad_(True)
    assert (decoder(pack) - served).abs().max() < TOLERANCE


def test_the_end_token_is_appended_once_and_survives_truncation() -> None:
    tokenizer = pico_tokenizer()
    end = tokenizer.end_id
    [(missing, _), (present, _), (cut, uncut)] = tokenizer.encode_ended(
        ["hello", "hello<|endoftext|>", "w" * 50], max_length=10
    )
    assert missing == present
    assert missing.count(end) == 1
    assert len(cut) == 10
    assert cut[-1] == end
    assert uncut == 51


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.02), (torch.float32, 1e-6)])
def test_the_serving_norm_equals_the_plain_one(dtype: torch.dtype, tolerance: float) -> None:
    norm = RMSNorm(64, eps=1e-6).to(dtype)
    generator = torch.Generator().manual_seed(0)
    states = (torch.randn(50, 64, generator=generator) * 30).to(dtype)
    plain = norm(states).float()
    with torch.inference_mode():
        served = norm(states).float()
    assert (served - plain).abs().max() < tolerance * plain.abs().max()
    assert torch.nn.functional.cosine_similarity(served, plain).min() > 0.9999
