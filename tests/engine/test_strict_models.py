"""What is asked to be computed alone is computed alone, though callers share batches."""

import numpy as np
import pytest

from embedrank import Embedder, Reranker
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.reranker import BatchedReranker

TEXTS = ["river city", "a", "", *(f"house number {number} " + "light " * number for number in range(20))]


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_vectors_are_equal_to_the_bit(engine, dtype):
    embedder = Embedder.load("nano", device="cpu", dtype=dtype, strict=True)
    vectors = BatchedEmbedder(embedder, engine).encode_documents(TEXTS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert np.array_equal(embedder.encode_documents([text])[0], vector)


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_logits_are_equal_to_the_bit(engine, dtype):
    reranker = Reranker.load("nano", device="cpu", dtype=dtype, strict=True)
    logits = BatchedReranker(reranker, engine).logits("river city", TEXTS)
    for text, logit in zip(TEXTS, logits, strict=True):
        assert np.array_equal(reranker.logits("river city", [text])[0], logit)
