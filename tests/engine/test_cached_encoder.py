import numpy as np
import pytest

from embedrank.engine.cached_encoder import CachedEncoder
from embedrank.engine.caches.lru import LruCache
from tests.search.fakes import BagEncoder

TEXTS = ["one bear", "two cats", "one bear", "three"]


@pytest.fixture
def inner():
    return BagEncoder(dim=64)


def test_vectors_are_the_models_at_every_dim(inner):
    cached = CachedEncoder(inner, LruCache())
    for dim in (None, 64, 32):
        for _ in range(2):
            np.testing.assert_allclose(
                cached.encode_queries(TEXTS, dim=dim), inner.encode_queries(TEXTS, dim=dim), atol=1e-6
            )
            np.testing.assert_allclose(
                cached.encode_documents(TEXTS, dim=dim), inner.encode_documents(TEXTS, dim=dim), atol=1e-6
            )


def test_a_text_is_computed_once_for_each_side_and_instruction(inner):
    cached = CachedEncoder(inner, LruCache())
    for instruction in (None, "find", None, "find", ""):
        cached.encode_queries(TEXTS, instruction=instruction)
    computed = [(sorted(texts), instruction) for texts, instruction in inner.batches if texts]
    assert computed == [(sorted(set(TEXTS)), instruction) for instruction in (None, "find", "")]


def test_another_model_shares_nothing(inner):
    cache = LruCache()
    CachedEncoder(inner, cache).encode_queries(TEXTS)
    other = BagEncoder(dim=64, fingerprint="bag-2")
    CachedEncoder(other, cache).encode_queries(TEXTS)
    assert len(other.batches) == 1


def test_a_hit_still_says_what_was_cut(inner):
    inner.max_length = 1
    cache = LruCache()
    for _ in range(2):
        cached = CachedEncoder(inner, cache)
        encoded = cached.encode_documents_reported(TEXTS)
        assert [(cut.index, cut.num_tokens, cut.kept_tokens) for cut in encoded.truncations] == [
            (0, 2, 1),
            (1, 2, 1),
            (2, 2, 1),
        ]
        assert encoded.num_tokens == [1, 1, 1, 1]
        assert cached.num_truncated == 2


def test_no_texts_are_no_vectors(inner):
    assert CachedEncoder(inner, LruCache()).encode_documents([]).shape == (0, 64)
