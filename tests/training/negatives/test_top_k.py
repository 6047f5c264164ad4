"""Search by blocks finds what sorting all products at once finds, ties in the order of the documents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from embedrank.training.negatives.top_k import top_k

# Few whole numbers: products are exact, many are equal, some are zero or below.
WHOLE = st.integers(-3, 3).map(np.float32)


@given(
    documents=hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.just(2)), elements=WHOLE),
    queries=hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(2)), elements=WHOLE),
    k=st.integers(1, 35),
    block=st.integers(1, 12),
)
@settings(deadline=None)
def test_blocks_of_any_size_give_what_a_stable_sort_of_all_gives(documents, queries, k, block) -> None:
    places, scores = top_k(queries, (documents[at : at + block] for at in range(0, len(documents), block)), k)
    products = queries @ documents.T
    expected = np.argsort(-products, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(scores, np.take_along_axis(products, expected, axis=1))


@pytest.mark.parametrize("k", [1, 7, 300])
def test_scores_of_all_signs_and_sizes_come_back_bit_by_bit(k: int) -> None:
    rng = np.random.default_rng(0)
    documents = (rng.standard_normal((257, 1)) * 10.0 ** rng.integers(-30, 30, (257, 1))).astype(np.float32)
    places, scores = top_k(np.ones((1, 1), np.float32), [documents[:100], documents[100:]], k)
    np.testing.assert_array_equal(scores[0], np.sort(documents[:, 0])[::-1][:k])
    np.testing.assert_array_equal(documents[places[0], 0], scores[0])


def test_no_documents_give_empty_lists() -> None:
    places, scores = top_k(np.ones((2, 3), np.float32), [], 5)
    assert places.shape == scores.shape == (2, 0)
