"""A text's vector and a document's score do not depend on what is computed beside them."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from embedrank import Embedder, Reranker
from tests.model.conftest import skip_unless_computable

WORDS = ("time", "people", "way", "water", "model", "search", "vector", "river", "city", "house", "light", "sound")
# Largest difference of a number of a unit vector, as docs/models.md states.
TOLERANCES = {"fp32": 1e-6, "bf16": 2e-3, "int8": 5e-3, "int4": 5e-3}
SCORE_TOLERANCES = {"fp32": 1e-4, "bf16": 5e-2, "int8": 2e-2, "int4": 2e-2}  # of a probability


@pytest.fixture(params=list(TOLERANCES))
def dtype(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    skip_unless_computable(name)
    return name


def mixed_texts(count: int = 40, longest: int = 200) -> list[str]:
    rng = random.Random(0)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, longest))) for _ in range(count)] + ["a", ""]


def alone(compute: Callable[[list[str]], np.ndarray], texts: list[str]) -> np.ndarray:
    return np.concatenate([compute([text]) for text in texts])


def test_neighbours_change_a_vector_by_rounding_at_most(dtype: str) -> None:
    embedder = Embedder.load("nano", dtype=dtype, device="cpu")
    texts = mixed_texts()
    difference = np.abs(embedder.encode_documents(texts) - alone(embedder.encode_documents, texts)).max()
    assert difference <= TOLERANCES[dtype]


def test_strict_vectors_are_equal_to_the_bit(dtype: str) -> None:
    embedder = Embedder.load("nano", dtype=dtype, device="cpu", strict=True)
    texts = mixed_texts()
    assert np.array_equal(embedder.encode_documents(texts), alone(embedder.encode_documents, texts))


def test_neighbours_change_a_score_by_rounding_at_most(dtype: str) -> None:
    reranker = Reranker.load("nano", dtype=dtype, device="cpu")
    texts = mixed_texts(12)
    together = reranker.score("river city", texts)
    apart = alone(lambda part: reranker.score("river city", part), texts)
    assert np.abs(together - apart).max() <= SCORE_TOLERANCES[dtype]


def test_strict_scores_are_equal_to_the_bit(dtype: str) -> None:
    reranker = Reranker.load("nano", dtype=dtype, device="cpu", strict=True)
    texts = mixed_texts(6, longest=60)
    together = reranker.logits("river city", texts)
    assert np.array_equal(together, alone(lambda part: reranker.logits("river city", part), texts))
